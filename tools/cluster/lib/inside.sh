# Sourced on both sides: where things are inside an instance. `/run` is private there, so these paths are short
# (a socket's path has at most 107 characters) and the same wherever the cache folder is.
INSIDE=/run/cluster
INSIDE_STATE=$INSIDE/state             # the instance's folder
INSIDE_KUBERNETES=$INSIDE/kubernetes   # binaries.sh: build_kubernetes
INSIDE_PACKAGES=$INSIDE/packages       # binaries.sh: build_cluster_packages
INSIDE_IMAGES=$INSIDE/images           # binaries.sh: build_cluster_images
INSIDE_ASSETS=$INSIDE/assets           # KUBEBUILDER_ASSETS, or empty
INSIDE_ROOT=$INSIDE_PACKAGES/root
INSIDE_LIBRARIES=$INSIDE_ROOT/usr/lib/$(uname -m)-linux-gnu
INSIDE_ENVIRONMENT=(
  "PATH=$INSIDE_ASSETS:$INSIDE_KUBERNETES/bin:$INSIDE_PACKAGES/bin:$INSIDE_ROOT/usr/sbin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
  "LD_LIBRARY_PATH=$INSIDE_LIBRARIES:$INSIDE_ROOT/lib/$(uname -m)-linux-gnu"
  "XTABLES_LIBDIR=$INSIDE_LIBRARIES/xtables"
  "KUBECONFIG=$INSIDE_STATE/kubeconfig"
  "TMPDIR=$INSIDE/tmp"
  "HOME=$INSIDE/tmp"
)
# Of node NAME: containerd's socket.
containerd_socket() { printf '/run/containerd-%s.sock' "$1"; }
