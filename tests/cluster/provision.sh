#!/usr/bin/env bash
# provision.sh [soak]: brings the programs of a real node, as root: the control plane and servers as the live tests have them
# (one build serves both), the kubelet and its neighbours, operators (operators.sh), and the images in
# images/. With `soak` also the operators and images that `make soak` runs. What is there already is left
# alone. Everything lies outside the checkout, in PLATFORMC_LIVE.
set -euo pipefail
cd "$(dirname "$0")"
. ../go.sh
KUBERNETES=1.36.3

mkdir -p "$live"
exec 7>"$live/.installing-packages" # apt refuses to run twice at a time
flock 7
{ command -v mmdebstrap && command -v zstd; } >/dev/null || {
  apt-get update -q
  apt-get install -y -q --no-install-recommends mmdebstrap zstd
}
exec 7>&-
../live/provision.sh control_plane

exec 6>"$live/.building-node-programs"
flock 6
stamp="$KUBERNETES $(cat programs/go.sum programs/*/*.go | sha256sum)"
[ "$(cat "$live/.node-programs" 2>/dev/null)" = "$stamp" ] || {
  echo "building the node's programs" >&2
  version=k8s.io/component-base/version
  flags="-s -w -X $version.gitVersion=v$KUBERNETES -X $version.gitMajor=1 -X $version.gitMinor=36
    -X $version.gitTreeState=clean -X $version.gitCommit=$(printf %040d 0)
    -X $version.buildDate=1970-01-01T00:00:00Z"
  go=$(go_command)
  for package in ./node ./coredns ./pause github.com/rancher/local-path-provisioner; do
    "$go" build -C programs -p 2 -ldflags "$flags" -o "$live/bin/$(basename $package)" $package
  done
  echo "$stamp" >"$live/.node-programs"
}
operators=(containerd kserve kserve_python)
images=(node pause coredns local-path tools postgres pgbouncer seaweedfs mlflow kserve kserve-agent kserve-python iris)
if [ "${1:-}" = soak ]; then
  command -v mvn >/dev/null || {
    apt-get update -q
    apt-get install -y -q --no-install-recommends maven
  }
  ../live/provision.sh minio mc lakefs mysql_server
  operators+=(argo cnpg barman_cloud helm cert_manager istio knative net_istio prometheus_operator prometheus postgres_exporter pipelines pipelines_runs)
  images+=(kserve-xgboost minio mc rclone redis feast lakefs training data scoring argo argo-server cnpg cnpg-postgres cnpg-pgbouncer barman-cloud barman-sidecar
    cert-manager prometheus prometheus-{operator,reloader} {postgres,redis}-exporter istio-{pilot,proxy,cni}
    knative-{controller,activator,autoscaler,webhook,queue} net-istio-controller mysql ml-metadata pipelines-{api,agent,schedules,runs,client})
fi
exec 6>&-
./operators.sh "${operators[@]}"
cd ..
exec 6>"$live/.building-images"
flock 6
python3 -m cluster.build_images "${images[@]}"
