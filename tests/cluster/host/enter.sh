#!/usr/bin/env bash
# enter.sh [COMMAND...]: a shell, or a command, on the node (nft, iptables, ctr -n k8s.io, ip, conntrack, runc).
set -euo pipefail
. "$(dirname "$0")/lib.sh"
process=$(first_process)
[ -n "$process" ] || { echo "no node" >&2; exit 2; }
[ $# -gt 0 ] || set -- bash
exec nsenter -t "$process" -m -n -p -i -u -C --root env -C / HOME=/root \
  PATH=/opt/platformc:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
