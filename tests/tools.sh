#!/usr/bin/env bash
# Brings the programs that the tests ask besides Python's: kustomize and kubeconform, from their Go
# modules, into .tools/bin; with `judges` those that judge the output, with `ciphers` those that
# encrypt credentials, with `peers` those that the benchmarks compare with, with `audit` what is known of
# flaws in Go's world, instead. Wheels are pinned by hash in requirements/.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/go.sh
bin=$PWD/.tools/bin
mkdir -p "$bin"

locked() { # NAME: just the files whose hashes requirements/NAME.txt lists
  ".tools/$1/bin/pip" install --quiet --disable-pip-version-check --require-hashes \
    --requirement "requirements/$1.txt"
}

earlier() { # COMMIT: an earlier version of the compiler, with the dependencies that it locked
  [ -x ".tools/$1/bin/platformc" ] && return
  local source; source=$(mktemp -d)
  git archive "$1" | tar -x -C "$source"
  python3 -m venv ".tools/$1"
  ".tools/$1/bin/pip" install --quiet --disable-pip-version-check --require-hashes \
    --requirement "$source/requirements/ci.txt"
  ".tools/$1/bin/pip" install --quiet --disable-pip-version-check --no-deps \
    --no-build-isolation "$source"
  rm -r "$source"
}

install() { # NAME MODULE@VERSION
  [ -e "$bin/$1" ] && [ "$(cat "$bin/.$1" 2>/dev/null)" = "$2" ] && return
  echo "building $2" >&2
  GOBIN=$bin "$(go_command)" install "$2"
  echo "$2" >"$bin/.$1"
}

python_library() { # NAME, in an environment of its own
  local lock
  lock=$(sha256sum <"requirements/$1.txt")
  [ -e ".tools/$1" ] && [ "$(cat "$bin/.$1" 2>/dev/null)" = "$lock" ] && return
  echo "installing $(cat "requirements/$1.in")" >&2
  python3 -m venv ".tools/$1"
  locked "$1"
  echo "$lock" >"$bin/.$1"
}

python_tool() { # the same, and its command
  python_library "$1"
  ln -sf "../$1/bin/$1" "$bin/$1"
}

case ${1:-} in
ciphers)
  install sops github.com/getsops/sops/v3/cmd/sops@v3.13.3
  install kubeseal github.com/bitnami-labs/sealed-secrets/cmd/kubeseal@v0.27.1
  install age-keygen filippo.io/age/cmd/age-keygen@v1.3.1
  exit
  ;;
judges)
  install kube-score github.com/zegl/kube-score/cmd/kube-score@v1.20.0
  GOEXPERIMENT=jsonv2 install trivy github.com/aquasecurity/trivy/cmd/trivy@v0.74.0
  python_tool checkov
  exit
  ;;
audit) # the database as it is today, whose files govulncheck wants with an index
  install govulncheck golang.org/x/vuln/cmd/govulncheck@v1.9.0
  vulndb=$("$(go_command)" mod download -json golang.org/x/vulndb@latest |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["Dir"])')
  rm -rf .tools/vulndb
  mkdir .tools/vulndb
  basename "$vulndb" >.tools/vulndb/release
  "$(go_command)" run -C "$vulndb" -mod=readonly ./cmd/indexdb -vulns data/osv -out "$PWD/.tools/vulndb"
  exit
  ;;
peers) # Jinja2 is a dependency already; rjsonnet is the fastest Jsonnet that comes as a package
  install helm helm.sh/helm/v4/cmd/helm@v4.3.1
  install cue cuelang.org/go/cmd/cue@v0.17.1
  python_library rjsonnet
  earlier 813904f
  exit
  ;;
esac

install kustomize sigs.k8s.io/kustomize/kustomize/v5@v5.8.1
install kubeconform github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0
