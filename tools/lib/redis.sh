# Sourced by the tools: redis-server and redis-cli from Debian, run without being installed.
. "$(dirname "${BASH_SOURCE[0]}")/debs.sh"
. "$(dirname "${BASH_SOURCE[0]}")/elf.sh"

# build_redis PARTIAL: programs/ and libraries/ (with glibc, for images), and bin/ with start scripts that use
# them on this machine.
build_redis() {
  local dir=$1 root="$1/packages" library name
  debs_unpack "$root" "$CP_DEBIAN_SUITE" --closure redis-server redis-tools
  mkdir -p "$dir/programs" "$dir/libraries" "$dir/glibc" "$dir/bin"
  # Debian's redis-server is a link to redis-check-rdb: one binary, told apart by its name.
  cp -L "$root/usr/bin/redis-server" "$root/usr/bin/redis-cli" "$dir/programs/"
  cp "$(elf_loader "$root")" "$dir/glibc/"
  while IFS= read -r library; do
    if elf_is_glibc "$library"; then
      cp -L "$library" "$dir/glibc/"
    else
      cp -L "$library" "$dir/libraries/"
    fi
  done < <(elf_needs "$root" "$dir/packages/usr/bin/redis-server" "$dir/packages/usr/bin/redis-cli")
  for name in redis-server redis-cli; do
    # shellcheck disable=SC2016 # the script finds its own folder when it runs
    printf '#!/bin/sh\nhere=$(dirname "$0")/..\nLD_LIBRARY_PATH=$here/libraries exec "$here/programs/%s" "$@"\n' \
      "$name" >"$dir/bin/$name"
    chmod +x "$dir/bin/$name"
  done
  rm -rf "$root"
  "$dir/bin/redis-server" --version
}

# redis_folder: prints the cached folder that build_redis fills.
redis_folder() {
  cached "redis-$CP_DEBIAN_SUITE" build_redis
}

# redis_bin: prints the folder that holds redis-server and redis-cli: the one in PATH when it is version 7 or
# newer (sharded pub/sub came with 7.0), else the cached one.
redis_bin() {
  local major
  major=$(redis-server --version 2>/dev/null | sed -n 's/.* v=\([0-9]*\).*/\1/p' || true)
  if [ "${major:-0}" -ge 7 ] && command -v redis-cli >/dev/null; then
    dirname "$(command -v redis-server)"
  else
    printf '%s/bin\n' "$(redis_folder)"
  fi
}
