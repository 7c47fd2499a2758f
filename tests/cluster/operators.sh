#!/usr/bin/env bash
# operators.sh NAME...: upstream's controllers from their Go modules, each built in its own module, where
# its own replacements hold. They lie in PLATFORMC_LIVE/operators, with the manifests of their release.
set -euo pipefail
live=${PLATFORMC_LIVE:-$HOME/.cache/platformc-live}
operators=$live/operators
export CGO_ENABLED=0 GOFLAGS="-buildvcs=false -mod=mod" GOTOOLCHAIN=go1.26.10
mkdir -p "$operators"
go=$(command -v go || echo "$live/go/bin/go")

source_of() { # MODULE@VERSION: its folder
  "$go" mod download -json "$1" | python3 -c 'import json, sys; print(json.load(sys.stdin)["Dir"])'
}

build() { # FOLDER SOURCE PACKAGE...
  local folder=$1 source=$2
  shift 2
  mkdir -p "$folder"
  "$go" build -C "$source" -p 2 -trimpath -ldflags "-s -w" -o "$folder/" "$@"
}

copy() { # FROM TO: without the module cache's read-only mode
  rm -rf "$2"
  mkdir -p "$(dirname "$2")"
  cp -r "$1" "$2"
  chmod -R u+w "$2"
}

kserve() { # VERSION
  local source
  source=$(source_of "github.com/kserve/kserve@v$1")
  build "$operators/kserve" "$source" ./cmd/{manager,agent,router}
  copy "$source/install/v$1" "$operators/kserve/manifests"
  mkdir -p "$operators/kserve/python"
  copy "$source/python/storage-initializer" "$operators/kserve/python/storage-initializer"
  copy "$source/python/sklearnserver" "$operators/kserve/python/sklearnserver"
}

declare -A VERSIONS=([kserve]=0.20.0)
for name in "$@"; do
  [ "$(cat "$operators/.$name" 2>/dev/null)" = "${VERSIONS[$name]}" ] || {
    echo "building $name ${VERSIONS[$name]}" >&2
    "$name" "${VERSIONS[$name]}"
    echo "${VERSIONS[$name]}" >"$operators/.$name"
  }
done
