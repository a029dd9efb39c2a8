# Sourced by the cluster commands: the addresses of an instance, and its one link to the host.
#
# An instance has one /20 of 198.18.0.0/15: the range set aside for benchmarks, which no real
# network routes, so a cluster never hides a host its machine talks to. 32 fit. With B = third number of the network:
#   B.2        control plane, on the bridge inside      B.11, B.12, ...  nodes 1, 2, ...
#   B+3.1/.2   the link: host's end, inner end          B+4 ... B+7      services (DNS: B+4.10)
#   B+8 ...    pods, one /24 per node
# The host's end is named by the slot, so the kernel itself hands out slots: a second link of that name cannot be made,
# and the name is free again once the last process of the instance is gone.
NETWORK_SLOTS=32

# use_slot SLOT: sets the address variables.
use_slot() {
  local base
  SLOT=$1
  base=$((SLOT % 16 * 16))
  local second=$((18 + SLOT / 16))
  LINK="chatcluster$SLOT"
  NETWORK="198.$second.$base.0/20"
  NODE_PREFIX="198.$second.$base" API_ADDRESS="198.$second.$base.2"
  LINK_HOST="198.$second.$((base + 3)).1" LINK_INSIDE="198.$second.$((base + 3)).2"
  SERVICE_NETWORK="198.$second.$((base + 4)).0/22" SERVICE_FIRST="198.$second.$((base + 4)).1"
  SERVICE_DNS="198.$second.$((base + 4)).10"
  POD_NETWORK="198.$second.$((base + 8)).0/21"
  POD_PREFIX="198.$second" POD_BASE=$((base + 8))
  CGROUP="chatcluster$SLOT"
}

# node_address I, node_pods I: address and pod network of node I (from 1).
node_address() { printf '%s.%s' "$NODE_PREFIX" "$((10 + $1))"; }
node_pods() { printf '%s.%s.0/24' "$POD_PREFIX" "$((POD_BASE + $1 - 1))"; }

# slot_is_foreign: something on the machine uses addresses of this slot's network.
slot_is_foreign() {
  local routes
  routes=$(
    ip -4 route show table all root "$NETWORK"
    ip -4 route show table all match "$NETWORK" | grep -vE '^(default|unreachable|prohibit|blackhole)'
  ) || true
  [ -n "$routes" ]
}

# claim_slot INIT_PID: takes a free slot for the instance and links the host to the network namespace of INIT_PID.
# Starts at a slot that follows from the name, so the same instance usually gets the same addresses.
claim_slot() {
  local pid=$1 first try
  first=$((16#$(printf '%s' "$INSTANCE" | sha256sum | cut -c1-6)))
  for ((try = 0; try < NETWORK_SLOTS; try++)); do
    use_slot $(((first + try) % NETWORK_SLOTS))
    slot_is_foreign && continue
    ip link add "$LINK" type veth peer name host netns "$pid" 2>/dev/null || continue
    ip link set "$LINK" alias "$INSTANCE_DIR"
    ip addr add "$LINK_HOST/30" dev "$LINK"
    ip link set "$LINK" up
    ip route add "$NETWORK" via "$LINK_INSIDE" dev "$LINK" onlink
    return 0
  done
  return 1
}

# delete_link: removes this instance's link and with it the routes. The kernel would do so itself once the network
# namespace is gone, but connections that were open keep a namespace for up to a minute after its last process.
# The alias tells whether the link is still this instance's: another one may have taken the slot since.
delete_link() {
  if [ "$(cat "/sys/class/net/$LINK/ifalias" 2>/dev/null)" = "$INSTANCE_DIR" ]; then
    ip link delete "$LINK" 2>/dev/null || true
  fi
}
