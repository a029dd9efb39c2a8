# Sourced by the tools: Debian packages downloaded and unpacked into a folder, never installed.
#
#   debs_unpack DIR SUITE [--closure] PACKAGE...
#
# apt runs with state of its own in the cache (sources, lists, archives and an empty status file), so the
# machine's package database is neither read nor changed, no root is needed, and the dependency closure of a
# package is the same on every machine. The mirror and its key come from the machine's own apt configuration.
. "$(dirname "${BASH_SOURCE[0]}")/cache.sh"
. "$(dirname "${BASH_SOURCE[0]}")/versions.sh"

# Package lists older than this are refreshed before use: Debian publishes security updates daily.
CP_DEBS_FRESH_SECONDS=86400
# The keys of all Debian suites, from the package debian-archive-keyring.
CP_DEBS_KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

# debs_sources SUITE: one source line per archive the machine uses, turned to SUITE. The machine's main
# archive comes with its updates and security archives, so SUITE gets its fixes too.
debs_sources() {
  local suite=$1 uri release component option=""
  # Without this file apt trusts the keys in the machine's /etc/apt/trusted.gpg.d.
  [ ! -r "$CP_DEBS_KEYRING" ] || option="[signed-by=$CP_DEBS_KEYRING] "
  apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
    while read -r uri release component; do
      case "$component $release" in
        "main $CP_DEBIAN_SUITE" | "main $CP_DEBIAN_SUITE-updates" | "main $CP_DEBIAN_SUITE-security")
          printf 'deb %s%s %s main\n' "$option" "${uri%/}" "$suite${release#"$CP_DEBIAN_SUITE"}"
          ;;
      esac
    done | sort -u
}

# debs_state SUITE: makes apt's private folder for SUITE and prints its path.
debs_state() {
  local suite=$1 state="$CP_CACHE/apt/$1"
  mkdir -p "$state/lists/partial" "$state/archives/partial" "$state/no-archives/partial" "$state/log"
  [ -e "$state/status" ] || : >"$state/status"
  debs_sources "$suite" >"$state/sources.list.new"
  [ -s "$state/sources.list.new" ] ||
    die "apt on this machine knows no $CP_DEBIAN_SUITE main archive" \
      "this step needs Debian ${CP_DEBIAN_SUITE}; add its archive to /etc/apt/sources.list.d and try again"
  if ! cmp -s "$state/sources.list.new" "$state/sources.list"; then
    rm -f "$state/updated"
    mv "$state/sources.list.new" "$state/sources.list"
  fi
  # Read after the machine's own configuration, whose proxy and date settings stay in force. The machine's
  # hooks are cleared: they act on the system (cleaning /var/cache/apt, talking to its daemons).
  cat >"$state/apt.conf" <<CONF
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Install-Pkgs;
#clear DPkg::Post-Invoke;
#clear APT::Architectures;
#clear Acquire::IndexTargets::deb::DEP-11;
#clear Acquire::IndexTargets::deb::DEP-11-icons-small;
#clear Acquire::IndexTargets::deb::DEP-11-icons;
#clear Acquire::IndexTargets::deb::DEP-11-icons-large;
#clear Acquire::IndexTargets::deb::DEP-11-icons-hidpi;
#clear Acquire::IndexTargets::deb::DEP-11-icons-large-hidpi;
Dir::Etc::sourcelist "$state/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State "$state";
Dir::State::lists "$state/lists";
Dir::State::status "$state/status";
Dir::State::extended_states "$state/extended_states";
Dir::Cache "$state";
Dir::Cache::archives "$state/archives";
Dir::Cache::pkgcache "$state/pkgcache.bin";
Dir::Cache::srcpkgcache "";
Dir::Log "$state/log";
APT::Architectures { "$(dpkg --print-architecture)"; };
APT::Sandbox::User "root";
APT::Install-Recommends "false";
APT::Keep-Downloaded-Packages "true";
Acquire::Languages "none";
Acquire::Retries "3";
Debug::NoLocking "true";
CONF
  printf '%s\n' "$state"
}

# debs_update STATE [force]: refreshes the package lists when they are old or FORCE is given.
debs_update() {
  local state=$1 age
  age=$(($(date +%s) - $(stat -c %Y "$state/updated" 2>/dev/null || echo 0)))
  [ "${2:-}" = force ] || [ "$age" -ge "$CP_DEBS_FRESH_SECONDS" ] || return 0
  apt-get -c "$state/apt.conf" -qq -o APT::Update::Error-Mode=any update && touch "$state/updated"
}

# debs_uris STATE CLOSURE PACKAGE...: one line per file: its address, then its name.
# apt leaves files it has already out of such a list, so it is shown an empty archive folder.
debs_uris() {
  local state=$1 closure=$2
  local quiet=(-c "$state/apt.conf" -qq -y --print-uris -o "Dir::Cache::archives=$state/no-archives")
  shift 2
  if [ "$closure" = yes ]; then
    apt-get "${quiet[@]}" install "$@"
  else
    apt-get "${quiet[@]}" download "$@"
  fi
}

# debs_fetch STATE CLOSURE PACKAGE...: downloads into the archive folder, prints the path of each file.
debs_fetch() {
  local state=$1 closure=$2 uris
  shift 2
  uris=$(debs_uris "$state" "$closure" "$@") || return 1
  if [ "$closure" = yes ]; then
    apt-get -c "$state/apt.conf" -qq -y --download-only install "$@" >&2 || return 1
  else
    (cd "$state/archives" && apt-get -c "$state/apt.conf" -qq download "$@" >&2) || return 1
  fi
  awk -v dir="$state/archives/" '{ print dir $2 }' <<<"$uris"
}

# debs_unpack DIR SUITE [--closure] PACKAGE...: unpacks the packages (with --closure also everything they
# depend on, down to libc) into DIR. Maintainer scripts do not run. Safe beside other callers.
debs_unpack() {
  local dir=$1 suite=$2 closure=no state files file
  shift 2
  if [ "${1:-}" = --closure ]; then
    closure=yes
    shift
  fi
  mkdir -p "$dir" "$CP_CACHE/locks"
  files=$(
    exec 8>"$CP_CACHE/locks/apt-$suite"
    flock 8
    state=$(debs_state "$suite") || exit 1
    debs_update "$state" 8>&- || exit 1
    # A mirror drops superseded files: fresh lists name the ones it has now.
    debs_fetch "$state" "$closure" "$@" 8>&- ||
      { debs_update "$state" force 8>&- && debs_fetch "$state" "$closure" "$@" 8>&-; }
  ) || die "Debian packages of $suite could not be fetched: $*" \
    "check that the mirror in /etc/apt is reachable ('apt-get update' shows why not), then run the same command again"
  while IFS= read -r file; do dpkg -x "$file" "$dir"; done <<<"$files"
}
