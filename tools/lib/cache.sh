# Sourced by the tools. The cache folder, progress lines, locks and atomic installs.
#
# Every heavy artefact lives in $CHATPLATFORM_CACHE (default ~/.cache/chatplatform) in a folder whose
# name carries its version. It is built in a `.partial` sibling and renamed when complete, so an
# interrupted download or build never poisons the cache.
set -euo pipefail
CP_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
CP_CACHE=${CHATPLATFORM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/chatplatform}
CP_STARTED=${CP_STARTED:-$(date +%s)}
export CP_ROOT CP_CACHE CP_STARTED
mkdir -p "$CP_CACHE"

# say TEXT: one progress line with the seconds since the command began.
say() { printf '[%4ds] %s\n' "$(($(date +%s) - CP_STARTED))" "$*" >&2; }

# die TEXT [REMEDY]: stop with what went wrong and what to do about it.
die() {
  printf 'error: %s\n' "$1" >&2
  [ $# -lt 2 ] || printf '  what to do: %s\n' "$2" >&2
  exit 1
}

# heartbeat LABEL PID: a line every 30 s while PID lives, with how long LABEL took last time.
heartbeat() {
  local label=$1 pid=$2 last="" began
  began=$(date +%s)
  [ -f "$CP_CACHE/times/$label" ] && last=" (last time $(cat "$CP_CACHE/times/$label") s)"
  while kill -0 "$pid" 2>/dev/null; do
    sleep 1
    local elapsed=$(($(date +%s) - began))
    [ $((elapsed % 30)) -ne 0 ] || [ "$elapsed" -eq 0 ] || say "… $label: ${elapsed} s so far$last"
  done
}

# cached KEY BUILDER [ARG...]: print the folder $CP_CACHE/KEY, building it once.
# BUILDER is called as `BUILDER PARTIAL_FOLDER ARG...` and fills that folder; concurrent callers wait.
cached() {
  local key=$1 builder=$2 dir="$CP_CACHE/$1"
  shift 2
  if [ ! -e "$dir/.complete" ]; then
    mkdir -p "$(dirname "$dir")" "$CP_CACHE/locks" "$CP_CACHE/times" "$CP_CACHE/logs"
    local lock="$CP_CACHE/locks/${key//\//_}" log="$CP_CACHE/logs/${key//\//_}.log"
    (
      exec 9>"$lock"
      flock -n 9 || { say "waiting for another run that is making $key"; flock 9; }
      [ ! -e "$dir/.complete" ] || exit 0
      say "making $key"
      local began
      began=$(date +%s)
      rm -rf "$dir.partial" "$dir"
      mkdir -p "$dir.partial"
      (set -e; "$builder" "$dir.partial" "$@") >"$log" 2>&1 9>&- &
      local pid=$!
      heartbeat "${key//\//_}" "$pid" 9>&- &
      local beat=$!
      if ! wait "$pid"; then
        kill "$beat" 2>/dev/null || true
        tail -n 20 "$log" >&2
        die "making $key failed" "read $log; running the same command again starts this step afresh"
      fi
      kill "$beat" 2>/dev/null || true
      touch "$dir.partial/.complete"
      mv "$dir.partial" "$dir"
      echo $(($(date +%s) - began)) >"$CP_CACHE/times/${key//\//_}"
      say "made $key in $(cat "$CP_CACHE/times/${key//\//_}") s"
    ) || return 1
  fi
  printf '%s\n' "$dir"
}
