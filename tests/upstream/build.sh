#!/usr/bin/env bash
# build.sh: programs of upstream systems' own code, each built in its own module at the release that the
# live tests have (tests/cluster/operators.sh): what they add to pods, and whether they read each key of a
# ConfigMap. A folder here is a system: its files become a command of the module, those in `inside/` join
# the package that has the code. The programs lie in PLATFORMC_LIVE/upstream, with the release's objects.
# With `all`, other releases of the tables as well, each as NAME-RELEASE.
set -euo pipefail
cd "$(dirname "$0")"
. ../go.sh
export GOFLAGS="$GOFLAGS -mod=mod" GOWORK=off
go=$(go_command)
mkdir -p "$live/upstream"

program() { # NAME[-RELEASE] MODULE@VERSION [PACKAGE]: PACKAGE gets the files of NAME/inside
  local program=$1 name=${1%%-*} source=$live/build/$1 stamp
  stamp="$2 $(find common "$name" -name "*.go" | sort | xargs cat | sha256sum)"
  [ "$(cat "$live/upstream/.$program" 2>/dev/null)" = "$stamp" ] && return
  echo "building the questions to $2" >&2
  rm -rf "$source"
  mkdir -p "$live/build"
  cp -r "$("$go" mod download -json "$2" | python3 -c 'import json, sys; print(json.load(sys.stdin)["Dir"])')" "$source"
  chmod -R u+w "$source"
  mkdir -p "$source/cmd/questions"
  [ -e "$name/main.go" ] || cp common/*.go "$source/cmd/questions"
  cp "$name"/*.go "$source/cmd/questions"
  [ $# -lt 3 ] || cp "$name"/inside/*.go "$source/$3"
  [ "$name" != kserve ] || cp "$source/install/v${2##*@v}/kserve.yaml" "$live/upstream/$program.yaml"
  [ "$name" != knative_operator ] || releases "$source/cmd/operator/kodata"
  "$go" build -C "$source" -p 2 -ldflags '-s -w' -o "$live/upstream/$program" ./cmd/questions
  rm -rf "$source"
  echo "$stamp" >"$live/upstream/.$program"
}

releases() { # KODATA: the release of Knative Serving with net-istio that is compiled for
  local target=$live/upstream/knative-releases
  rm -rf "$target"
  mkdir -p "$target"/{knative-serving,ingress/1.21}
  cp -r "$1/knative-serving/1.21.1" "$target/knative-serving"
  cp -r "$1/ingress/1.21/istio" "$target/ingress/1.21"
}

program knative knative.dev/serving@v0.48.1
program knative_operator knative.dev/operator@v0.48.1 pkg/reconciler/knativeserving
program kserve github.com/kserve/kserve@v0.20.0 pkg/webhook/admission/pod
program argo github.com/argoproj/argo-workflows/v4@v4.0.5
if [ "${1:-}" = all ]; then
  program knative-1.20.1 knative.dev/serving@v0.47.1
  program kserve-0.19.0 github.com/kserve/kserve@v0.19.0 pkg/webhook/admission/pod
fi
