# Sourced by tools/images/build: Redis from Debian's packages.
. "$(dirname "${BASH_SOURCE[0]}")/redis.sh"
. "$(dirname "${BASH_SOURCE[0]}")/rootfs.sh"
. "$(dirname "${BASH_SOURCE[0]}")/image.sh"

build_redis_image() {
  local dir=$1 redis=$2 rootfs="$1/rootfs" config
  rootfs_base "$rootfs"
  mkdir -p "$rootfs/data"
  cp "$redis"/programs/* "$rootfs/usr/bin/"
  cp "$redis"/libraries/* "$redis"/glibc/* "$rootfs/$CP_LIBRARY_FOLDER/"
  mv "$rootfs/$CP_LIBRARY_FOLDER/ld-linux-x86-64.so.2" "$rootfs/usr/lib64/"
  # protected-mode refuses every peer but loopback: who may connect is the cluster's decision.
  config='{"User":"1000:1000","WorkingDir":"/data","Env":["PATH=/usr/bin"],"ExposedPorts":{"6379/tcp":{}},"Volumes":{"/data":{}}'
  config+=',"Cmd":["redis-server","--protected-mode","no","--dir","/data","--save","","--appendonly","yes"]'
  config+=',"Labels":'$(image_labels redis 'Redis for development and tests')'}'
  image_archive_in "$dir" "$rootfs" redis "$config"
  rm -rf "$rootfs"
}

image_redis() {
  local redis fits folder
  redis=$(redis_folder) || return 1
  fits=$(source_hash "$CP_ROOT"/tools/lib/{image,image-redis,rootfs,redis}.sh)
  folder=$(cached "image-redis-$CP_DEBIAN_SUITE-$fits" build_redis_image "$redis") || return 1
  image_line "$folder"
}
