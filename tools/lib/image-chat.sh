# Sourced by tools/images/build: the image of gateway, worker, operator and the demo page's server.
. "$(dirname "${BASH_SOURCE[0]}")/node.sh"
. "$(dirname "${BASH_SOURCE[0]}")/rootfs.sh"
. "$(dirname "${BASH_SOURCE[0]}")/image.sh"

# Older archives of the chat image that are kept: a rollout test needs the previous one.
CP_CHAT_IMAGES_KEPT=6

build_node_layer() {
  local dir=$1 rootfs="$1/rootfs" runtime
  runtime=$(c_runtime)
  rootfs_base "$rootfs"
  mkdir -p "$rootfs/app"
  # Symbols for debuggers are a seventh of the file; those that addons link to stay.
  strip --strip-all -o "$rootfs/usr/bin/node" "$(node_bin)/node"
  # The addon of the WebSocket server needs nothing that Node does not.
  rootfs_libraries "$rootfs" "$runtime" "$rootfs/usr/bin/node"
  layer_tar "$rootfs" "$dir/layer.tar"
  rm -rf "$rootfs"
}

# node_layer: prints the file of the layer that changes only with Node's version.
node_layer() {
  local folder
  folder=$(cached "image-node-$CP_NODE_VERSION-$CP_DEBIAN_SUITE-$(source_hash "$CP_ROOT"/tools/lib/{image,rootfs}.sh)" build_node_layer) || return 1
  printf '%s/layer.tar\n' "$folder"
}

# chat_sources: sixteen digits that change with anything the programs are made of.
chat_sources() {
  (
    cd "$CP_ROOT"
    find package-lock.json gateway workers operator packages examples/web-chat tools/images tools/lib \
      \( -name node_modules -o -name dist -o -name '*.test.ts' -o -name '*.tsbuildinfo' \) -prune -o -type f -print0 |
      LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -c1-16
  )
}

# chat_archive SCRATCH: bundles the programs and makes the archive when their content is new; prints its line.
chat_archive() {
  local scratch=$1 base config image file
  base=$(node_layer) || return 1
  "$CP_ROOT/tools/run" "$CP_ROOT/tools/images/bundle.ts" "$scratch/rootfs/app" >&2 || return 1
  "$CP_ROOT/tools/run" "$CP_ROOT/examples/web-chat/build.ts" "$scratch/rootfs/app/web-chat" >&2 || return 1
  config='{"User":"1000:1000","WorkingDir":"/app","Env":["PATH=/usr/bin","NODE_ENV=production"]'
  config+=',"Entrypoint":["node","/app/main.js"],"Labels":'$(image_labels chat 'ChatPlatform gateway, worker, operator and demo page')'}'
  image=$(image_archive "$scratch/rootfs" localhost/chatplatform/chat "$CP_CACHE/images/chat-%TAG%.tar" "$config" "$base") || return 1
  file="$CP_CACHE/images/chat-${image##*:}.tar"
  touch "$file"
  find "$CP_CACHE/images" -name 'chat-*.tar' -printf '%T@ %p\n' | sort -rn | tail -n "+$((CP_CHAT_IMAGES_KEPT + 1))" |
    cut -d' ' -f2- | xargs -r rm -f
  printf 'chat %s %s\n' "$image" "$file"
}

# image_chat: makes the archive when the programs changed; prints its line.
image_chat() {
  local scratch sources memo file
  sources=$(chat_sources)
  memo="$CP_CACHE/images/chat-sources/$sources"
  file=$(cut -d' ' -f3 "$memo" 2>/dev/null || true)
  if [ -z "$file" ] || [ ! -e "$file" ]; then
    mkdir -p "$CP_CACHE/images/chat-sources"
    find "$CP_CACHE/images/chat-sources" -type f -mtime +7 -delete
    scratch=$(mktemp -d "$CP_CACHE/images/.chat.XXXXXX")
    if ! chat_archive "$scratch" >"$scratch/line"; then
      rm -rf "$scratch"
      return 1
    fi
    cat "$scratch/line"
    # Someone who edits meanwhile must not find the image of before under the sources of after.
    [ "$(chat_sources)" != "$sources" ] || mv "$scratch/line" "$memo"
    rm -rf "$scratch"
  else
    cat "$memo"
  fi
}
