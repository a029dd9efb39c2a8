# Sourced by the supervisor: its private view of the file system.

# What the kubelet insists on for the whole machine. It reads these before it writes them and leaves a right value
# alone; inside the instance it reads files that hold the right values, so the machine's own never change.
KUBELET_SYSCTLS="vm/overcommit_memory=1 vm/panic_on_oom=0 kernel/panic=10 kernel/panic_on_oops=1
 kernel/keys/root_maxkeys=1000000 kernel/keys/root_maxbytes=25000000"

# --no-mtab everywhere: else the first mount makes /run/mount, still in the machine's own /run.
mount() { command mount --no-mtab "$@"; }

# make_places STATE KUBERNETES PACKAGES IMAGES ASSETS
make_places() {
  local stage
  mount --make-rprivate /
  # Pods may ask for mounts to be passed on between host and container; this group of mounts ends at the instance.
  mount --make-rshared /
  mount -t tmpfs -o mode=755 cluster /run
  mkdir -p "$INSIDE"/{state,kubernetes,packages,images,assets,overlay,sysctl,tmp} /run/netns /run/lock
  mount --bind "$1" "$INSIDE_STATE"
  mount --bind "$2" "$INSIDE_KUBERNETES"
  mount --bind "$3" "$INSIDE_PACKAGES"
  mount --bind "$4" "$INSIDE_IMAGES"
  [ -z "$5" ] || mount --bind "$5" "$INSIDE_ASSETS"
  # Programs that insist on places of the system write to a layer above it that ends with the instance.
  for stage in etc opt var/lib var/log; do overlay_place "$stage"; done
  hide_sysctls
}

overlay_place() {
  local upper="$INSIDE/overlay/$1/upper" work="$INSIDE/overlay/$1/work"
  [ -d "/$1" ] || return 0
  mkdir -p "$upper" "$work"
  mount -t overlay -o "lowerdir=/$1,upperdir=$upper,workdir=$work" cluster "/$1"
}

hide_sysctls() {
  local setting file copy
  for setting in $KUBELET_SYSCTLS; do
    file="/proc/sys/${setting%=*}" copy="$INSIDE/sysctl/${setting//\//-}"
    [ -e "$file" ] || continue
    printf '%s\n' "${setting#*=}" >"$copy"
    mount --bind "$copy" "$file"
  done
}
