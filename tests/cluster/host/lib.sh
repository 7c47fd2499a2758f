# Shared by the scripts of this folder. Programs and images are kept in $LIVE; what runs lies under $STATE.
SCRIPTS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
LIVE=${PLATFORMC_LIVE:-$HOME/.cache/platformc-live}
BIN=$LIVE/bin CACHE=$LIVE/node
STATE=$CACHE/state
export KUBECONFIG=$STATE/kubeconfig
GROUP=platformc-node # the node's control groups, below the caller's own
HIERARCHIES="cpu cpuacct cpuset memory devices freezer blkio pids systemd"

# The process on this machine that holds the node's namespaces; empty when there is none.
holder() {
  local process
  process=$(cat "$STATE/run/node.pid" 2>/dev/null) || return 0
  [ "$(readlink "/proc/$process/exe")" = "$(readlink -f "$(command -v unshare)")" ] && echo "$process"
  return 0
}

# Its child: the first process inside those namespaces.
first_process() {
  local process
  process=$(holder)
  [ -z "$process" ] || pgrep -P "$process" -o || :
}

until_ok() { # SECONDS WHAT COMMAND...
  local end=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || { echo "timed out waiting for $what; see $STATE/log" >&2; return 1; }
    sleep 0.2
  done
}
