# Sourced by the cluster commands: where the cluster's programs and images are, made on first use.
. "$(dirname "${BASH_SOURCE[0]}")/../../lib/debs.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../../lib/go.sh"
CLUSTER_TOOL=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CLUSTER_COMPONENTS="kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy kubectl"
# The image names the node configuration and coredns.yaml refer to.
CLUSTER_PAUSE_IMAGE=localhost/chatplatform/pause:cluster
CLUSTER_DNS_IMAGE=localhost/chatplatform/coredns:cluster

# From the newer suite: Kubernetes 1.34 needs containerd >= 1.7 and etcd >= 3.5; both run with Debian 12's libc.
CLUSTER_NEXT_PACKAGES="containerd etcd-server etcd-client"
# From the machine's suite (the newer runc needs a newer libc), with the libraries a minimal machine may lack.
CLUSTER_PACKAGES="runc libseccomp2 containernetworking-plugins iptables libxtables12 libip4tc2 libip6tc2
 libmnl0 libnftnl11 libnfnetlink0 libnetfilter-conntrack3"

# source_hash FILE...: eight digits that change with the files' content.
source_hash() { cat "$@" | sha256sum | cut -c1-8; }

# build_kubernetes DIR GO: the multi-call binary, CoreDNS and pause. About 11 CPU minutes and 4 GB of scratch space,
# which is inside DIR and removed at the end. A GOMODCACHE in the environment is used and kept.
build_kubernetes() {
  local dir=$1 go=$2 version=v$CP_KUBERNETES_VERSION stamp component
  stamp="-X k8s.io/component-base/version.gitVersion=$version -X k8s.io/client-go/pkg/version.gitVersion=$version"
  stamp+=" -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=34"
  stamp+=" -X k8s.io/component-base/version.gitTreeState=clean"
  mkdir -p "$dir/bin"
  # GOGC: the linker alone allocates gigabytes; collecting less often saves a fifth of the CPU time.
  (
    cd "$CLUSTER_TOOL/kubernetes"
    GOCACHE="$dir/scratch/build" GOMODCACHE="${GOMODCACHE:-$dir/scratch/modules}" \
      GOFLAGS="-buildvcs=false -modcacherw" GOWORK=off CGO_ENABLED=0 GOGC=800 \
      "$go" build -mod=readonly -trimpath -ldflags "-s -w $stamp" -gcflags=all=-dwarf=false -o "$dir/bin/" ./hyperkube ./coredns
  )
  rm -rf "$dir/scratch"
  for component in $CLUSTER_COMPONENTS; do ln -s hyperkube "$dir/bin/$component"; done
  gcc -Wall -Wextra -Os -static -s -o "$dir/bin/pause" "$CLUSTER_TOOL/pause/pause.c"
}

# build_cluster_packages DIR: containerd, etcd, runc, the CNI plugins and iptables, unpacked.
build_cluster_packages() {
  local dir=$1 name
  # shellcheck disable=SC2086 # lists of words
  debs_unpack "$dir/next" "$CP_DEBIAN_NEXT_SUITE" $CLUSTER_NEXT_PACKAGES
  # shellcheck disable=SC2086
  debs_unpack "$dir/root" "$CP_DEBIAN_SUITE" $CLUSTER_PACKAGES
  mkdir -p "$dir/bin"
  for name in containerd containerd-shim-runc-v2 ctr etcd etcdctl; do mv "$dir/next/usr/bin/$name" "$dir/bin/"; done
  rm -rf "$dir/next"
  # The links Debian makes in a maintainer script.
  for name in iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore; do
    ln -sf xtables-nft-multi "$dir/root/usr/sbin/$name"
  done
}

# build_cluster_images DIR KUBERNETES: the two images every node needs, as archives.
build_cluster_images() {
  local dir=$1 kubernetes=$2 scratch="$1/scratch"
  mkdir -p "$scratch/pause" "$scratch/coredns"
  cp "$kubernetes/bin/pause" "$scratch/pause/"
  cp "$kubernetes/bin/coredns" "$scratch/coredns/"
  "$CP_ROOT/tools/images/archive" "$scratch/pause" "$CLUSTER_PAUSE_IMAGE" "$dir/pause.tar" \
    '{"Entrypoint":["/pause"],"User":"65535:65535"}'
  "$CP_ROOT/tools/images/archive" "$scratch/coredns" "$CLUSTER_DNS_IMAGE" "$dir/coredns.tar" \
    '{"Entrypoint":["/coredns"],"User":"65532:65532"}'
  rm -rf "$scratch"
}

kubernetes_key() {
  printf 'kubernetes-%s-%s' "$CP_KUBERNETES_VERSION" \
    "$(source_hash "$CLUSTER_TOOL"/kubernetes/go.{mod,sum} "$CLUSTER_TOOL"/kubernetes/*/main.go "$CLUSTER_TOOL/pause/pause.c")"
}

# kubernetes_folder, packages_folder, images_folder: print the folder, making it first when it is missing.
kubernetes_folder() {
  local key go=""
  key=$(kubernetes_key)
  [ -e "$CP_CACHE/$key/.complete" ] || go=$(go_bin)/go
  cached "$key" build_kubernetes "$go"
}
packages_folder() {
  local list
  list=$(source_hash <<<"$CP_DEBIAN_SUITE $CP_DEBIAN_NEXT_SUITE $CLUSTER_NEXT_PACKAGES $CLUSTER_PACKAGES")
  cached "cluster-packages-$CP_DEBIAN_SUITE-$list" build_cluster_packages
}
images_folder() {
  local kubernetes
  kubernetes=$(kubernetes_folder)
  cached "cluster-images-${kubernetes##*/kubernetes-}" build_cluster_images "$kubernetes"
}

# assets_folder: prints $KUBEBUILDER_ASSETS when it holds a control plane, else nothing.
assets_folder() {
  local assets=${KUBEBUILDER_ASSETS:-}
  if [ -n "$assets" ] && [ -x "$assets/kube-apiserver" ] && [ -x "$assets/etcd" ]; then printf '%s\n' "$assets"; fi
}
