# Sourced by tools/up-platform, tools/status and tools/logs: how to speak to the cluster of an instance.

# kube PLACE INSTANCE: sets KUBECTL (a command) and exports KUBECONFIG.
kube() {
  local file="$CP_CACHE/platforms/$2/kubeconfig"
  case "$1" in
    cluster)
      KUBECONFIG=$(tools/cluster/kubeconfig --instance "$2")
      KUBECTL=(tools/cluster/kubectl --instance "$2" --)
      ;;
    kind)
      command -v kubectl >/dev/null || die "kubectl is not in PATH" "install kubectl beside kind"
      mkdir -p "${file%/*}"
      kind get kubeconfig --name "chatplatform-$2" >"$file"
      KUBECONFIG=$file
      KUBECTL=("$(type -P kubectl)")
      ;;
  esac
  export KUBECONFIG
}
