# Sourced by the cluster commands: the arguments they share.
. "$(dirname "${BASH_SOURCE[0]}")/instance.sh"
CLUSTER_TOOL=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# usage FILE: the comment at the top of the command is its help.
usage() { awk 'NR > 1 { if (!/^#/) exit; sub(/^# ?/, ""); print }' "$1"; }

# parse_arguments FILE ARG...: sets INSTANCE and INSTANCE_DIR, the options named in OPTIONS as OPTION_name, and
# ARGUMENTS. What follows `--` or the first argument that is no option is not looked at.
parse_arguments() {
  local file=$1 name=default key
  shift
  ARGUMENTS=()
  while [ $# -gt 0 ]; do
    case "$1" in
      -h | --help)
        usage "$file"
        exit 0
        ;;
      --) shift && break ;;
      --instance) name=${2-} && shift 2 || die "--instance needs a name" "$(basename "$file") --help" ;;
      --*)
        key=${1#--}
        [[ " ${OPTIONS:-} " == *" $key "* ]] && [ $# -ge 2 ] ||
          die "unknown or incomplete option '$1'" "tools/cluster/$(basename "$file") --help lists the options"
        printf -v "OPTION_${key//-/_}" '%s' "$2"
        shift 2
        ;;
      *) break ;;
    esac
  done
  ARGUMENTS=("$@")
  use_instance "$name"
}

# no_arguments FILE: stop when there is something left that the command does not take.
no_arguments() {
  [ "${#ARGUMENTS[@]}" -eq 0 ] || die "'${ARGUMENTS[0]}' is not expected" "tools/cluster/$(basename "$1") --help"
}

# require_root: namespaces, links and control groups are root's.
require_root() {
  [ "$(uname -s)" = Linux ] && [ "$(id -u)" -eq 0 ] ||
    die "the local cluster needs Linux and root" "run it as root, or use 'make up TARGET=processes'"
}
