# Sourced by the tools: the Helm program, from PATH or built from its Go module.
. "$(dirname "${BASH_SOURCE[0]}")/go.sh"

# build_helm PARTIAL: helm alone; Go's build files go with the build.
build_helm() {
  local dir=$1
  PATH="$(go_bin):$PATH" GOFLAGS=-mod=mod GOBIN="$dir" GOCACHE="$dir/build" CGO_ENABLED=0 \
    go install -trimpath -ldflags "-s -w -X helm.sh/helm/v3/internal/version.version=v$CP_HELM_VERSION" \
    "helm.sh/helm/v3/cmd/helm@v$CP_HELM_VERSION"
  rm -rf "$dir/build"
  "$dir/helm" version
}

# helm_bin: prints the path of helm: version 3.14 or newer in PATH, else the cached one.
helm_bin() {
  local version
  version=$(helm version --template '{{.Version}}' 2>/dev/null || true)
  if [[ "$version" =~ ^v3\.([0-9]+)\. ]] && [ "${BASH_REMATCH[1]}" -ge 14 ]; then
    command -v helm
  else
    printf '%s/helm\n' "$(cached "helm-$CP_HELM_VERSION" build_helm)"
  fi
}
