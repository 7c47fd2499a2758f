#!/usr/bin/env bash
# Builds Argo CD's plugin server, a client for it and its repository server's rendering from Argo CD's
# Go module, and a reader of container build files from BuildKit's, into .tools/bin, once for each state of this folder. Takes
# some six minutes on two cores, and a gigabyte of modules.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
bin=$(cd "$here/../../.." && pwd)/.tools/bin
mkdir -p "$bin"
export GOTOOLCHAIN=go1.26.10 CGO_ENABLED=0  # as in tests/tools.sh

state=$(cat "$here"/go.* "$here"/*/go.* "$here"/*/main.go | sha256sum)
[ "$(cat "$bin/.argocd" 2>/dev/null)" = "$state" ] && exit

go=$(command -v go || echo "$here/../../../.tools/go/bin/go")  # tests/tools.sh brings it
cd "$here"
for part in server client; do
  "$go" build -trimpath -ldflags '-s -w' -o "$bin/argocd-cmp-$part" "./$part"
done
"$go" build -trimpath -ldflags '-s -w' -o "$bin/argocd-render" ./render
(cd containerfile && "$go" build -trimpath -ldflags '-s -w' -o "$bin/containerfile" .)
echo "$state" >"$bin/.argocd"
