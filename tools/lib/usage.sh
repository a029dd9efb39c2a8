# Sourced by the tools: usage "$@" prints the caller's header comment and ends when --help or -h is asked for.
usage() {
  case "${1:-}" in
    -h | --help)
      awk 'NR > 1 && /^#/ { sub(/^# ?/, ""); print; next } NR > 1 { exit }' "$0"
      exit 0
      ;;
  esac
}
