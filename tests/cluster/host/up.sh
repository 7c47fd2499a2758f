#!/usr/bin/env bash
# up.sh PORT, as root: a fresh node with its control plane, in namespaces of its own. Of this machine it
# uses one port of the loopback, where the API server answers.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
for file in "$BIN"/{servers,node,coredns,local-path-provisioner} "$CACHE/images/node.json"; do
  [ -e "$file" ] || { echo "no $file: run tests/cluster/provision.sh" >&2; exit 2; }
done
"$SCRIPTS/down.sh"
images=$(cd "$CACHE/registry/tags" && find . -type f | sort | xargs sha256sum | sha256sum)
[ "$images" = "$(cat "$STATE/images" 2>/dev/null)" ] || rm -rf "$STATE/var/containerd"
mkdir -p "$STATE"/{run,log,root,upper,work,bin} "$STATE"/var/{containerd,kubelet,etcd,local-path}
echo "$images" >"$STATE/images"
ln -sf "$BIN/servers" "$STATE/bin/kubectl"
PATH=$STATE/bin:$PATH
"$SCRIPTS/pki.sh" "$1" 2>"$STATE/log/pki.log"
# Control groups of its own, below the one that this runs in, in every hierarchy of this machine.
: >"$STATE/run/cgroups"
for name in $HIERARCHIES; do
  group=$(awk -F: -v name="$name" '$2==name || $2=="name="name {print $3}' /proc/self/cgroup)
  group=/sys/fs/cgroup/$name${group%/}
  [ -d "$group" ] || { echo "no cgroup v1 hierarchy $name at $group" >&2; exit 2; }
  mkdir -p "$group/$GROUP"
  echo "$group/$GROUP" >>"$STATE/run/cgroups"
  # A share of a busy machine as of many processes, not of one.
  [ "$name" != cpu ] || echo 16384 >"$group/$GROUP/cpu.shares"
  [ "$name" != cpuset ] || for file in cpus mems; do
    cat "$group/cpuset.$file" >"$group/$GROUP/cpuset.$file"
  done
done
setsid nohup bash -c 'while read -r group; do echo $$ >"$group/cgroup.procs"; done <"$1/run/cgroups"
  exec unshare --mount --net --pid --ipc --uts --cgroup --propagation private --fork --kill-child \
    bash "$4/init.sh" "$1" "$2" "$3"' \
  _ "$STATE" "$CACHE" "$BIN" "$SCRIPTS" >"$STATE/log/init.log" 2>&1 </dev/null &
echo $! >"$STATE/run/node.pid"
setsid nohup "$BIN/node" forward "tcp:127.0.0.1:$1" "unix:$STATE/run/api.sock" \
  >"$STATE/log/forward-outside.log" 2>&1 </dev/null &
echo $! >"$STATE/run/forward.pid"
ask() { kubectl --request-timeout=5s "$@"; }
until_ok 120 "the API server" ask get --raw /readyz
until_ok 90 "the node's registration" ask get node node-0
ask apply --server-side --force-conflicts -f "$SCRIPTS/manifests/" >"$STATE/log/manifests.log"
until_ok 120 "a ready node" ask wait --for=condition=Ready node/node-0 --timeout=4s
until_ok 180 "DNS" ask -n kube-system wait --for=condition=Available deploy/coredns --timeout=4s
until_ok 180 "volumes" ask -n local-path-storage wait --for=condition=Available \
  deploy/local-path-provisioner --timeout=4s
