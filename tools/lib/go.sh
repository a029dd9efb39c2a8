# Sourced by the tools: a Go that is new enough for Kubernetes and Helm.
. "$(dirname "${BASH_SOURCE[0]}")/debs.sh"

# build_go PARTIAL: Go of Debian's next suite (the machine's suite has 1.19).
build_go() {
  local dir=$1
  debs_unpack "$dir/packages" "$CP_DEBIAN_NEXT_SUITE" golang-1.24-go golang-1.24-src
  mv "$dir/packages/usr/lib/go-1.24" "$dir/root"
  mv "$dir/packages/usr/share/go-1.24" "$dir/share"
  # The package links its sources by absolute path.
  local link
  find "$dir/root" -type l | while IFS= read -r link; do
    ln -srfn "$dir/share/${link#"$dir/root/"}" "$link"
  done
  rm -rf "$dir/packages"
  "$dir/root/bin/go" version
}

# go_bin: prints the folder that holds `go`: the one in PATH when it is 1.24 or newer, else the cached one.
go_bin() {
  local minor
  minor=$(go env GOVERSION 2>/dev/null | sed -n 's/^go1\.\([0-9]*\).*/\1/p' || true)
  if [ "${minor:-0}" -ge 24 ]; then
    dirname "$(command -v go)"
  else
    printf '%s/root/bin\n' "$(cached "go-1.24-$CP_DEBIAN_NEXT_SUITE" build_go)"
  fi
}
