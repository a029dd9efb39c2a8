# Sourced by the supervisor: node I is named nI and has a network namespace, containerd, kubelet and kube-proxy of its
# own. All nodes share the supervisor's mounts, so a volume is the same folder on each of them.

# on_node NAME COMMAND...: in the node's network. (`ip netns exec` would make a mount namespace of its own too, and
# containerd would not see the volumes the kubelet mounts.)
on_node() { nsenter --net="/run/netns/$1" "${@:2}"; }

# node_network I: links the node to the bridge.
node_network() {
  local name="n$1"
  touch "/run/netns/$name"
  unshare --net="/run/netns/$name" true
  ip link add "$name" type veth peer name eth0 netns "$name"
  ip link set "$name" master nodes up
  on_node "$name" sh -ec "
    ip link set lo up
    ip addr add $(node_address "$1")/24 dev eth0
    ip link set eth0 up
    ip route add default via $API_ADDRESS
    sysctl -qw net.ipv4.ip_forward=1
    # Pods of one node reach each other through a Service only when bridged packets pass the kube-proxy rules.
    [ ! -e /proc/sys/net/bridge/bridge-nf-call-iptables ] || sysctl -qw net.bridge.bridge-nf-call-iptables=1
  "
  local other
  ip route add "$(node_pods "$1")" via "$(node_address "$1")"
  for ((other = 1; other < $1; other++)); do
    on_node "$name" ip route add "$(node_pods "$other")" via "$(node_address "$other")"
    on_node "n$other" ip route add "$(node_pods "$1")" via "$(node_address "$1")"
  done
}

# node_configuration I: fills the templates of conf/ for the node.
node_configuration() {
  local name="n$1" folder="$INSIDE_STATE/data/n$1" file target
  mkdir -p "$folder/cni" "$INSIDE_STATE/logs/pods/$name"
  for file in "$CONF"/node/*; do
    target="$folder/$(basename "$file" .in)"
    [[ "$target" != *.conflist ]] || target="$folder/cni/$(basename "$target")"
    sed -e "s#@NODE@#$name#g; s#@DATA@#$folder#g; s#@STATE@#$INSIDE_STATE#g; s#@PKI@#$PKI#g" \
      -e "s#@ROOT@#$INSIDE_ROOT#g; s#@SOCKET@#$(containerd_socket "$name")#g; s#@CGROUP@#$CGROUP/$name#g" \
      -e "s#@PODS@#$(node_pods "$1")#g; s#@POD_NETWORK@#$POD_NETWORK#g; s#@DNS@#$SERVICE_DNS#g" \
      -e "s#@FILES@#$(ulimit -Hn)#g" "$file" >"$target"
  done
}

run_containerd() { exec nsenter --net="/run/netns/$1" containerd --config "$INSIDE_STATE/data/$1/containerd.toml"; }

run_kubelet() {
  local folder="$INSIDE_STATE/data/$1"
  exec nsenter --net="/run/netns/$1" kubelet --config="$folder/kubelet.yaml" --kubeconfig="$PKI/node-$1.kubeconfig" \
    --hostname-override="$1" --node-ip="$(node_address "${1#n}")" --root-dir="$folder/kubelet" \
    --cert-dir="$folder/kubelet-pki" \
    --node-labels="topology.kubernetes.io/zone=zone-${1#n},topology.kubernetes.io/region=local"
}

run_kube_proxy() { exec nsenter --net="/run/netns/$1" kube-proxy --config="$INSIDE_STATE/data/$1/kube-proxy.yaml"; }

# run_kube_proxy_host: in the supervisor's own network, so the host and the API server reach Services whatever
# happens to a node.
run_kube_proxy_host() { exec kube-proxy --config="$INSIDE_STATE/data/n1/kube-proxy.yaml"; }

# node_containers I: containerd with the images every node needs, in the background.
node_containers() {
  local name="n$1"
  make_cgroup "$CGROUP/$name"
  node_configuration "$1"
  start "containerd-$name" run_containerd "$name"
  import_base_images "$name" >>"$INSIDE_STATE/logs/images-$name.log" 2>&1 &
}

import_base_images() {
  local archive ctr=(ctr --address "$(containerd_socket "$1")" --namespace k8s.io)
  until "${ctr[@]}" version; do sleep 0.1; done
  for archive in "$INSIDE_IMAGES"/*.tar; do "${ctr[@]}" images import "$archive"; done
  touch "$INSIDE_STATE/data/$1/images-imported"
}

# node_kubernetes I: the kubelet registers the node. Its images must be there: a pod that finds its image missing is
# not tried again for ten seconds.
node_kubernetes() {
  local name="n$1"
  wait_until 60 "the base images on $name" test -e "$INSIDE_STATE/data/$name/images-imported"
  start "kubelet-$name" run_kubelet "$name"
  start "kube-proxy-$name" run_kube_proxy "$name"
}

# Not by kubectl, whose start alone takes 0.2 s of the CPU time the nodes need.
node_is_ready() { api "/api/v1/nodes/$1?pretty=true" | grep -A 1 '"type": "Ready"' | grep '"status": "True"'; }
