# Sourced by the tools: the machine's Java, at least the version Kafka's broker needs.
. "$(dirname "${BASH_SOURCE[0]}")/cache.sh"

# java_home: prints the home of the Java to use: $JAVA_HOME, else the one behind `java` in PATH.
java_home() {
  local home=${JAVA_HOME:-} binary
  if [ -z "$home" ]; then
    binary=$(command -v java) || die "java was not found" "run 'tools/deps/check' for the command that installs it"
    home=$(dirname "$(dirname "$(readlink -f "$binary")")")
  fi
  local major
  major=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$home/release" 2>/dev/null)
  [ "${major:-0}" -ge 17 ] ||
    die "Java 17 or newer is needed, $home has version ${major:-unknown}" "set JAVA_HOME to a newer one, or run 'tools/deps/check'"
  printf '%s\n' "$home"
}
