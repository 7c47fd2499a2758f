# How Go builds the programs of the tests; the scripts that build them source this. A Go from the PATH builds
# them, or one that comes as a Python wheel. It fetches this release of itself, which has no flaw that `make
# audit` knows.
export GOTOOLCHAIN=go1.26.10
# The same for all programs, so that Go compiles a package that two of them share once. Nobody debugs them:
# without DWARF, a build takes a seventh less.
export CGO_ENABLED=0 GOFLAGS="-buildvcs=false -trimpath -gcflags=all=-dwarf=false"
live=${PLATFORMC_LIVE:-$HOME/.cache/platformc-live}

go_requirements=$(cd "$(dirname "${BASH_SOURCE[0]}")/../requirements" && pwd)/go.txt

go_command() {
  if command -v go >/dev/null; then echo go; return; fi
  mkdir -p "$live"
  exec 9>"$live/.bringing-go" # another script may be bringing it
  flock 9
  [ -x "$live/go/bin/go" ] || {
    python3 -m venv "$live/go" >&2
    "$live/go/bin/pip" install --quiet --disable-pip-version-check --require-hashes \
      --requirement "$go_requirements" >&2
  }
  exec 9>&-
  echo "$live/go/bin/go"
}
