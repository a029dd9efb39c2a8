# Sourced by the tools: the shared libraries a program from an unpacked package folder needs.

# elf_loader ROOT: prints the dynamic loader inside ROOT. (Its link in lib64 is absolute: it names the machine's.)
elf_loader() {
  find "$1" -type f -name 'ld-linux-x86-64.so.2' -print -quit
}

# elf_needs ROOT FILE...: prints, once each, the path inside ROOT of every library the FILEs (programs or
# libraries in ROOT) need. ROOT's own loader resolves them, so the machine's libraries play no part.
elf_needs() {
  local root=$1 loader folders
  shift
  loader=$(elf_loader "$root")
  folders=$(find "$root" -name 'lib*.so*' -printf '%h\n' | sort -u | paste -sd:)
  local file
  for file in "$@"; do
    "$loader" --library-path "$folders" --list "$file" | awk -v root="$root/" '
      / not found/ { print "missing library: " $0 > "/dev/stderr"; bad = 1 }
      index($0, root) { for (i = 1; i <= NF; i++) if (index($i, root) == 1) print $i }
      END { exit bad }' || return 1
  done | sort -u
}

# elf_is_glibc FILE: true for a part of the C library. A program run on the machine uses the machine's: parts of
# two versions in one process do not fit together.
elf_is_glibc() {
  case "${1##*/}" in
    ld-linux-* | libc.so.6 | libm.so.6 | libmvec.so.1 | libdl.so.2 | libpthread.so.0 | librt.so.1 | libresolv.so.2) return 0 ;;
    *) return 1 ;;
  esac
}
