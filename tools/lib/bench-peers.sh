# Sourced by the tools: the servers ChatPlatform is measured beside. None of them is part of the product.
. "$(dirname "${BASH_SOURCE[0]}")/go.sh"
. "$(dirname "${BASH_SOURCE[0]}")/node.sh"

# Releases that are compared with; another one is another benchmark.
CP_SOCKET_IO_VERSION=4.8.4
CP_SOKETI_VERSION=1.6.1
CP_CENTRIFUGO_VERSION=6.9.1
CP_CENTRIFUGE_RELEASE=0.40.1
# soketi asks for uWebSockets.js from GitHub; the build that the gateway uses, so that both stand on the same.
CP_SOKETI_UWS='npm:@uwsjs/core@20.51.4'

build_socket_io() {
  PATH="$(node_bin):$PATH" npm install --prefix "$1" --ignore-scripts --no-audit --no-fund \
    "socket.io@$CP_SOCKET_IO_VERSION"
}

build_soketi() {
  printf '{"private":true,"dependencies":{"@soketi/soketi":"%s"},"overrides":{"uWebSockets.js":"%s"}}\n' \
    "$CP_SOKETI_VERSION" "$CP_SOKETI_UWS" >"$1/package.json"
  PATH="$(node_bin):$PATH" npm install --prefix "$1" --ignore-scripts --no-audit --no-fund --loglevel=error
}

# build_centrifugo PARTIAL: from the Go module proxy. Centrifugo asks for an untagged commit of its library; where the
# proxy does not have that, a release of the library takes its place, and the version says so.
build_centrifugo() {
  local dir=$1 module=github.com/centrifugal/centrifugo/v6 library=github.com/centrifugal/centrifuge
  local go version=$CP_CENTRIFUGO_VERSION
  go=$(go_bin)/go
  cd "$dir"
  export CGO_ENABLED=0 GOFLAGS='-mod=mod -buildvcs=false'
  # With a Go version in it, the requirements of requirements that nobody needs are not asked for.
  printf 'module build\n\ngo %s\n\nrequire %s v%s\n' "$("$go" env GOVERSION | sed 's/^go//')" "$module" "$version" >go.mod
  if ! "$go" list -deps "$module" >/dev/null; then
    # Required as well as replaced: only so the library's own requirements count.
    printf 'require %s v%s\nreplace %s => %s v%s\n' \
      "$library" "$CP_CENTRIFUGE_RELEASE" "$library" "$library" "$CP_CENTRIFUGE_RELEASE" >>go.mod
    version="$version with centrifuge $CP_CENTRIFUGE_RELEASE"
  fi
  "$go" build -trimpath -gcflags=all=-dwarf=false -ldflags '-s -w' -o centrifugo "$module"
  printf '%s\n' "$version" >version
}

socket_io_peer() {
  cached "bench-socket.io-$CP_SOCKET_IO_VERSION" build_socket_io
  printf 'socket.io %s\n' "$CP_SOCKET_IO_VERSION"
}

soketi_peer() {
  cached "bench-soketi-$CP_SOKETI_VERSION" build_soketi
  printf 'soketi %s\n' "$CP_SOKETI_VERSION"
}

# centrifugo_peer: the one in PATH when there is one, else the cached one.
centrifugo_peer() {
  local found dir
  found=$(command -v centrifugo || true)
  if [ -n "$found" ]; then
    dirname "$found"
    centrifugo version
    return
  fi
  dir=$(cached "bench-centrifugo-$CP_CENTRIFUGO_VERSION" build_centrifugo) || die \
    "Centrifugo is left out: it could not be built from the Go module proxy" \
    "put a centrifugo $CP_CENTRIFUGO_VERSION into PATH and run this again"
  printf '%s\nCentrifugo %s\n' "$dir" "$(cat "$dir/version")"
}
