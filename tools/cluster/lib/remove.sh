# Sourced by up and down: ending an instance and removing what is left of dead ones.
. "$(dirname "${BASH_SOURCE[0]}")/network.sh"
. "$(dirname "${BASH_SOURCE[0]}")/cgroups.sh"
# A kill of some hundred processes and the end of their namespaces took up to 2 s on two busy cores.
END_SECONDS=20

# wait_dead: true once no process of the instance is left, false after END_SECONDS.
wait_dead() {
  local try
  for ((try = 0; try < END_SECONDS * 10; try++)); do
    instance_alive || return 0
    sleep 0.1
  done
  return 1
}

# remove_instance: ends the instance and leaves nothing of it. The caller holds its lock. Idempotent.
remove_instance() {
  if instance_alive; then
    kill -TERM "$(state keeper)" 2>/dev/null || true
    wait_dead || die "cluster '$INSTANCE' did not end within $END_SECONDS s" \
      "see $INSTANCE_DIR/logs/keeper.log, then run the same command again"
  fi
  local slot
  slot=$(state slot)
  if [ -n "$slot" ]; then
    use_slot "$slot"
    delete_link
    # The slot may belong to another instance by now, with groups of the same name.
    ip link show "$LINK" >/dev/null 2>&1 || remove_cgroup "$CGROUP" || say "control groups $CGROUP could not be removed"
  fi
  rm -rf --one-file-system "$INSTANCE_DIR"
}

# sweep_dead: removes instances nothing lives of, such as those of a killed run. Instances another command works on
# are left to it.
sweep_dead() {
  local folder name
  for folder in "$INSTANCES"/*/; do
    [ -d "$folder" ] || continue
    name=$(basename "$folder")
    [ "$name" != "$INSTANCE" ] || continue
    (
      use_instance "$name"
      exec 8>"$CP_CACHE/locks/instance-$INSTANCE"
      flock -n 8 || exit 0
      instance_alive && exit 0
      say "removing what is left of cluster '$INSTANCE'"
      remove_instance
    )
  done
}
