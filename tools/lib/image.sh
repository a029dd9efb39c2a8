# Sourced by the tools: container images made from folders, without any engine.
. "$(dirname "${BASH_SOURCE[0]}")/cache.sh"
CP_IMAGE_VERSION=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' "$CP_ROOT/package.json")

# layer_tar FOLDER OUT: FOLDER as a layer; the same content gives the same bytes. Leaves its digest in OUT.sha256.
layer_tar() {
  # Group and others get what the owner may read and run, whatever the umask was: images run as another user.
  tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=go+rX --format=gnu -C "$1" -cf "$2" .
  sha256sum <"$2" | cut -d' ' -f1 >"$2.sha256"
}

# image_config CONFIG_JSON DIGEST...: the image's configuration file for these layers.
image_config() {
  local config=$1 digests
  shift
  printf -v digests '"sha256:%s",' "$@"
  printf '{"architecture":"%s","os":"linux","created":"1970-01-01T00:00:00Z","config":%s,' "$(dpkg --print-architecture)" "$config"
  printf '"rootfs":{"type":"layers","diff_ids":[%s]}}\n' "${digests%,}"
}

# image_archive ROOTFS NAME[:TAG] OUT CONFIG_JSON [BASE_LAYER...]: prints NAME:TAG and writes OUT, whole or not at
# all. Where OUT holds `%TAG%`, the tag is put in, and a file that is there already is taken to be the image.
image_archive() {
  local rootfs=$1 name=$2 out=$3 config=$4 scratch base digests=() layers files=()
  shift 4
  scratch=$(mktemp -d "$(dirname "$out")/.archive.XXXXXX")
  layer_tar "$rootfs" "$scratch/top.tar"
  for base in "$@" "$scratch/top.tar"; do
    [ -e "$base.sha256" ] || sha256sum <"$base" | cut -d' ' -f1 >"$base.sha256"
    digests+=("$(cat "$base.sha256")")
    files+=("${digests[-1]}.tar")
    ln "$base" "$scratch/${digests[-1]}.tar" 2>/dev/null || cp "$base" "$scratch/${digests[-1]}.tar"
  done
  image_config "$config" "${digests[@]}" >"$scratch/config.json"
  case "${name##*/}" in
    *:*) ;;
    *) name="$name:$(sha256sum <"$scratch/config.json" | cut -c1-12)" ;;
  esac
  local file=${out//%TAG%/${name##*:}}
  if [ "$file" = "$out" ] || [ ! -e "$file" ]; then
    printf -v layers '"%s",' "${files[@]}"
    printf '[{"Config":"config.json","RepoTags":["%s"],"Layers":[%s]}]\n' "$name" "${layers%,}" >"$scratch/manifest.json"
    tar --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=0644 --format=gnu --hard-dereference -C "$scratch" \
      -cf "$scratch/archive.tar" manifest.json config.json "${files[@]}"
    mv "$scratch/archive.tar" "$file"
  fi
  rm -rf "$scratch"
  printf '%s\n' "$name"
}

# image_labels NAME DESCRIPTION: the labels of the Open Container Initiative, as JSON.
image_labels() {
  printf '{"org.opencontainers.image.title":"chatplatform/%s","org.opencontainers.image.description":"%s"' "$1" "$2"
  printf ',"org.opencontainers.image.licenses":"Apache-2.0","org.opencontainers.image.version":"%s"}' "$CP_IMAGE_VERSION"
}

# image_archive_in FOLDER ROOTFS NAME CONFIG_JSON [BASE_LAYER...]: the archive, named by its content, in FOLDER;
# FOLDER/line gets `NAME IMAGE FILE_NAME`, which image_line reads.
image_archive_in() {
  local folder=$1 rootfs=$2 name=$3 config=$4 image
  shift 4
  image=$(image_archive "$rootfs" "localhost/chatplatform/$name" "$folder/$name-%TAG%.tar" "$config" "$@") || return 1
  printf '%s %s %s\n' "$name" "$image" "$name-${image##*:}.tar" >"$folder/line"
}

# image_line FOLDER: prints `NAME IMAGE:TAG FILE` of the archive that image_archive_in made there.
image_line() {
  local name image file
  read -r name image file <"$1/line" || return 1
  printf '%s %s %s\n' "$name" "$image" "$1/$file"
}

# source_hash FILE...: eight digits that change with the files' content.
source_hash() { cat "$@" | sha256sum | cut -c1-8; }
