# Sourced by the tools: the parts that the root file systems of images are made of.
. "$(dirname "${BASH_SOURCE[0]}")/debs.sh"
. "$(dirname "${BASH_SOURCE[0]}")/elf.sh"

# The folder of shared libraries on Debian amd64; the loader is asked for by a path of its own.
CP_LIBRARY_FOLDER=usr/lib/x86_64-linux-gnu

build_c_runtime() {
  debs_unpack "$1/packages" "$CP_DEBIAN_SUITE" libc6 libgcc-s1 libstdc++6 zlib1g
}

# c_runtime: prints a folder with Debian's C and C++ runtime, unpacked.
c_runtime() {
  printf '%s/packages\n' "$(cached "c-runtime-$CP_DEBIAN_SUITE" build_c_runtime)"
}

# rootfs_base ROOTFS: folders, users and name resolution; no program, no shell.
rootfs_base() {
  local rootfs=$1
  mkdir -p "$rootfs"/{etc,tmp,proc,sys,dev,run,usr/bin,usr/lib64,"$CP_LIBRARY_FOLDER"}
  chmod 1777 "$rootfs/tmp"
  ln -s usr/bin "$rootfs/bin"
  ln -s usr/lib "$rootfs/lib"
  ln -s usr/lib64 "$rootfs/lib64"
  printf 'root:x:0:0:root:/:/sbin/nologin\napp:x:1000:1000:app:/tmp:/sbin/nologin\n' >"$rootfs/etc/passwd"
  printf 'root:x:0:\napp:x:1000:\n' >"$rootfs/etc/group"
  printf 'hosts: files dns\n' >"$rootfs/etc/nsswitch.conf"
}

# rootfs_libraries ROOTFS FROM FILE...: copies the loader and every library that FILE (below FROM, an unpacked
# package folder) needs.
rootfs_libraries() {
  local rootfs=$1 from=$2 library
  shift 2
  cp "$(elf_loader "$from")" "$rootfs/usr/lib64/ld-linux-x86-64.so.2"
  elf_needs "$from" "$@" | while IFS= read -r library; do
    cp -L "$library" "$rootfs/$CP_LIBRARY_FOLDER/"
  done
}
