# Sourced by the supervisor: the daemons it started, and what each was started with.
declare -A DAEMON_PID=() DAEMON_CALL=()

# start NAME FUNCTION [ARG]: runs FUNCTION, which ends in an exec, with its output in logs/NAME.log.
start() {
  local name=$1
  shift
  DAEMON_CALL[$name]="$*"
  ("$@") </dev/null >>"$INSIDE_STATE/logs/$name.log" 2>&1 &
  DAEMON_PID[$name]=$!
}

# restart_dead: starts every daemon again that is not running.
restart_dead() {
  local name
  for name in "${!DAEMON_PID[@]}"; do
    kill -0 "${DAEMON_PID[$name]}" 2>/dev/null && continue
    echo "$(date -u +%FT%TZ) $name died, starting it again (its log: logs/$name.log)"
    # shellcheck disable=SC2086 # a function and its argument, neither holds spaces
    start "$name" ${DAEMON_CALL[$name]}
  done
}
