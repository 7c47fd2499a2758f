#!/usr/bin/env bash
# Builds Argo CD's servers, a client for the plugin server and the repository server's rendering from
# Argo CD's Go module, and a reader of container build files from BuildKit's, into .tools/bin, once for
# each state of this folder. Takes some six minutes on two cores, and a gigabyte of modules.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
bin=$(cd "$here/../../.." && pwd)/.tools/bin
mkdir -p "$bin"
. "$here/../../go.sh"

state=$(cat "$here"/build.sh "$here"/go.* "$here"/*/go.* "$here"/*/main.go | sha256sum)
[ "$(cat "$bin/.argocd" 2>/dev/null)" = "$state" ] && exit

go=$(go_command)
cd "$here"
rm -f "$bin"/{.argocd,argocd-*,git-verify-wrapper.sh,containerfile}
"$go" build -ldflags '-s -w' -o "$bin/argocd-cmp-server" ./server
"$go" build -ldflags '-s -w' -o "$bin/argocd-cmp-client" ./client
for server in application-controller repo-server; do  # one program, which goes by its name
  ln -sf argocd-cmp-server "$bin/argocd-$server"
done
"$go" build -ldflags '-s -w' -o "$bin/argocd-render" ./render
source=$("$go" list -m -f '{{.Dir}}' github.com/argoproj/argo-cd/v3)
install -m 644 "$source/manifests/core-install.yaml" "$bin/argocd-core-install.yaml"
install -m 755 "$source/hack/git-verify-wrapper.sh" "$bin/"
(cd containerfile && "$go" build -ldflags '-s -w' -o "$bin/containerfile" .)
echo "$state" >"$bin/.argocd"
