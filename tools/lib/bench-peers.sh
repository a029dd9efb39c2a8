# Sourced by the tools: the servers ChatPlatform is measured beside. None of them is part of the product.
. "$(dirname "${BASH_SOURCE[0]}")/go.sh"
. "$(dirname "${BASH_SOURCE[0]}")/node.sh"

# Releases that are compared with; another one is another benchmark.
CP_SOCKET_IO_VERSION=4.8.4
CP_SOKETI_VERSION=1.6.1
CP_CENTRIFUGO_VERSION=6.9.1
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

# build_centrifugo PARTIAL: from the Go module proxy. Its library is pinned to an untagged commit, which not every proxy
# hands out, and no release of the library fits in its place: then there is only a binary made elsewhere.
build_centrifugo() {
  GOBIN=$1 CGO_ENABLED=0 "$(go_bin)/go" install -trimpath -ldflags '-s -w' \
    "github.com/centrifugal/centrifugo/v6@v$CP_CENTRIFUGO_VERSION"
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
  printf '%s\nCentrifugo %s\n' "$dir" "$CP_CENTRIFUGO_VERSION"
}
