# Sourced by the cluster commands: what an instance is called, where its files are, and whether it lives.
#
# An instance is a folder $CP_CACHE/instances/NAME:
#   alive           locked by every process of the instance: a free lock means that nothing of it runs
#   phase           starting | ready | failed TEXT
#   nodes, slot     number of nodes; which of the networks it has (see network.sh)
#   api             address of the API server
#   keeper          process id of the keeper
#   init            process id on the host of the first process inside, and its start time
#   owner           the same of the process that the instance lives for; empty: until `down`
#   kubeconfig, pki, logs, data, volumes
. "$(dirname "${BASH_SOURCE[0]}")/../../lib/cache.sh"
. "$(dirname "${BASH_SOURCE[0]}")/inside.sh"
INSTANCES="$CP_CACHE/instances"

# use_instance NAME: sets INSTANCE and INSTANCE_DIR for the functions below.
use_instance() {
  [[ "$1" =~ ^[a-z][a-z0-9-]{0,29}$ ]] ||
    die "--instance '$1' is not a name" "use a letter, then up to 29 letters, digits and dashes, all lower case"
  INSTANCE=$1 INSTANCE_DIR="$INSTANCES/$1"
}

# lock_instance FD: waits for other commands that change this instance; the lock ends with the shell.
lock_instance() {
  mkdir -p "$CP_CACHE/locks"
  eval "exec $1>\"$CP_CACHE/locks/instance-$INSTANCE\""
  flock -n "$1" || { say "waiting for another command on cluster '$INSTANCE'"; flock "$1"; }
}

# state KEY: prints what the instance's file KEY holds, nothing when there is none.
state() { cat "$INSTANCE_DIR/$1" 2>/dev/null || true; }

# instance_alive: true while any process of the instance exists. The lock tells it of all; the first process lets go
# of it a moment before it ends.
instance_alive() { { [ -e "$INSTANCE_DIR/alive" ] && ! flock -n "$INSTANCE_DIR/alive" true; } || runs init; }

# runs FILE: true while the process that FILE names by id and start time runs.
runs() {
  local pid started
  read -r pid started 2>/dev/null <"$INSTANCE_DIR/$1" || return 1
  [ -n "$pid" ] && [ "$(process_started "$pid")" = "$started" ]
}

# require_ready: stop with the remedy when the instance does not serve.
require_ready() {
  if ! instance_alive || [ "$(state phase)" != ready ]; then
    die "cluster '$INSTANCE' is not running" "tools/cluster/up --instance $INSTANCE"
  fi
}

# inside COMMAND...: runs a command in the instance's namespaces, with its programs in PATH.
inside() {
  nsenter --target "$(cut -d' ' -f1 "$INSTANCE_DIR/init")" --mount --pid --net -- env "${INSIDE_ENVIRONMENT[@]}" "$@"
}

# process_started PID: prints a number that tells this process from a later one with the same id; nothing when it is
# gone or ended already (a zombie).
process_started() {
  local line fields
  read -r line 2>/dev/null <"/proc/$1/stat" || return 0
  read -ra fields <<<"${line##*) }"
  # After the name: state is the first field, the start time in clock ticks the twentieth.
  [ "${fields[0]}" = Z ] || printf '%s\n' "${fields[19]}"
}

# describe_instance: one line about the instance for people.
describe_instance() {
  local phase nodes
  phase=$(state phase) nodes=$(state nodes)
  instance_alive || phase="dead (removed by the next up or down)"
  printf '%-20s %-10s nodes=%s api=%s kubeconfig=%s\n' "$INSTANCE" "${phase:-starting}" "${nodes:-?}" \
    "$(state api)" "$INSTANCE_DIR/kubeconfig"
}
