# Sourced by the keeper and the sweep: the control groups of an instance, below one folder per hierarchy.
CGROUPS=/sys/fs/cgroup

# cgroup_hierarchies: the roots of the version 1 hierarchies, or the one version 2 root.
cgroup_hierarchies() {
  local folder
  if [ -e "$CGROUPS/cgroup.controllers" ]; then
    echo "$CGROUPS"
  else
    for folder in "$CGROUPS"/*/; do [ ! -e "$folder/cgroup.procs" ] || echo "${folder%/}"; done
  fi
}

# make_cgroup PATH: makes the group in every hierarchy, ready to hold pods.
make_cgroup() {
  local path=$1 root file
  while read -r root; do
    mkdir -p "$root/$path"
    # Version 1: a new cpuset may use nothing until it is told.
    for file in cpuset.cpus cpuset.mems; do
      [ ! -e "$root/cgroup.clone_children" ] || [ ! -e "$root/$file" ] || cat "$root/$file" >"$root/$path/$file"
    done
    # Version 2: controllers are handed down one level at a time.
    if [ -e "$root/cgroup.subtree_control" ] && [ "$root" = "$CGROUPS" ]; then
      sed 's/[^ ]*/+&/g' "$root/cgroup.controllers" >"$root/cgroup.subtree_control"
      sed 's/[^ ]*/+&/g' "$root/cgroup.controllers" >"$root/$path/cgroup.subtree_control"
    fi
  done < <(cgroup_hierarchies)
}

# remove_cgroup PATH: removes the group and all below it. The kernel keeps a group busy for some milliseconds
# after its last process died, so removal is tried for up to five seconds.
remove_cgroup() {
  local path=$1 root left try
  for ((try = 0; try < 50; try++)); do
    left=no
    while read -r root; do
      [ ! -d "$root/$path" ] && continue
      find "$root/$path" -depth -type d -exec rmdir {} + 2>/dev/null || left=yes
    done < <(cgroup_hierarchies)
    [ "$left" = yes ] || return 0
    sleep 0.1
  done
  return 1
}
