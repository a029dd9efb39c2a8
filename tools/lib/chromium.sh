# Sourced by the tools: a headless browser from Debian with its libraries and fonts, run without being installed.
. "$(dirname "${BASH_SOURCE[0]}")/debs.sh"
. "$(dirname "${BASH_SOURCE[0]}")/elf.sh"

# build_chromium PARTIAL: program/, libraries/, fonts/ and bin/chromium, which starts the browser with them.
build_chromium() {
  local dir=$1 root="$1/packages" library
  debs_unpack "$root" "$CP_DEBIAN_SUITE" --closure chromium fonts-dejavu-core
  mkdir -p "$dir/libraries" "$dir/bin"
  while IFS= read -r library; do
    elf_is_glibc "$library" || cp -L "$library" "$dir/libraries/"
  done < <(elf_needs "$root" "$root/usr/lib/chromium/chromium")
  # NSS opens these by name, for certificates and cryptography.
  find "$root/usr/lib" \( -name 'libsoftokn3.so' -o -name 'libfreebl*3.so' -o -name 'libnssckbi.so' -o -name 'libnssdbm3.so' \) \
    -exec cp -L {} "$dir/libraries/" \;
  mv "$root/usr/lib/chromium" "$dir/program"
  mv "$root/usr/share/fonts" "$dir/fonts"
  rm -rf "$root" "$dir"/program/libVkLayer_*
  cat >"$dir/fonts.conf" <<'XML'
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir prefix="relative">fonts</dir><cachedir prefix="xdg">fontconfig</cachedir></fontconfig>
XML
  cat >"$dir/bin/chromium" <<'SCRIPT'
#!/bin/sh
# chromium [FLAG...]: the browser with its own libraries and fonts.
here=$(cd "$(dirname "$0")/.." && pwd)
LD_LIBRARY_PATH=$here/libraries FONTCONFIG_FILE=$here/fonts.conf exec "$here/program/chromium" "$@"
SCRIPT
  chmod +x "$dir/bin/chromium"
  "$dir/bin/chromium" --version
}

# chromium_bin: prints the executable: `chromium` in PATH, else the cached one.
chromium_bin() {
  if command -v chromium >/dev/null; then
    command -v chromium
  else
    printf '%s/bin/chromium\n' "$(cached "chromium-$CP_DEBIAN_SUITE" build_chromium)"
  fi
}
