#!/usr/bin/env bash
# Ends the node's first process, with which its namespaces, processes and mounts go; then its control
# groups and its data.
set -uo pipefail
. "$(dirname "$0")/lib.sh"
forward=$(cat "$STATE/run/forward.pid" 2>/dev/null)
[ -z "$forward" ] || [ "$(readlink "/proc/$forward/exe")" != "$BIN/node" ] || kill "$forward"
holder=$(holder)
if [ -n "$holder" ]; then
  kill -9 "$(first_process)" 2>/dev/null
  for _ in $(seq 300); do
    kill -0 "$holder" 2>/dev/null || break
    sleep 0.1
  done
fi
while read -r group; do
  for _ in $(seq 100); do
    [ -d "$group" ] || break
    find "$group" -depth -type d -exec rmdir {} + 2>/dev/null
    sleep 0.1
  done
  [ ! -d "$group" ] || echo "a control group is left: $group" >&2
done < <(cat "$STATE/run/cgroups" 2>/dev/null)
# Unpacked images stay for the next node: up.sh drops them where an image was built anew.
rm -rf "$STATE"/{run,log,root,upper,work,bin,pki,kubeconfig} "$STATE"/var/{kubelet,etcd,local-path}
