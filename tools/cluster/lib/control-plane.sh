# Sourced by the supervisor: etcd, the API server and the controllers.
ETCD=http://127.0.0.1:2379
ETCD_PEER=http://127.0.0.1:2380

run_etcd() {
  # No fsync: the data ends with the instance, and a kill of the process loses nothing the kernel has.
  exec etcd --data-dir "$INSIDE_STATE/data/etcd" --unsafe-no-fsync --log-level warn \
    --listen-client-urls "$ETCD" --advertise-client-urls "$ETCD" --listen-peer-urls "$ETCD_PEER" \
    --initial-advertise-peer-urls "$ETCD_PEER" --initial-cluster "default=$ETCD_PEER"
}

run_apiserver() {
  exec kube-apiserver --etcd-servers="$ETCD" --secure-port=6443 --bind-address=0.0.0.0 \
    --advertise-address="$API_ADDRESS" --service-cluster-ip-range="$SERVICE_NETWORK" --allow-privileged=true \
    --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction --profiling=false \
    --client-ca-file="$PKI/ca.crt" --tls-cert-file="$PKI/apiserver.crt" --tls-private-key-file="$PKI/apiserver.key" \
    --service-account-issuer=https://kubernetes.default.svc.cluster.local \
    --service-account-key-file="$PKI/accounts.pub" --service-account-signing-key-file="$PKI/accounts.key" \
    --kubelet-certificate-authority="$PKI/ca.crt" --kubelet-client-certificate="$PKI/kubelet-client.crt" \
    --kubelet-client-key="$PKI/kubelet-client.key" --kubelet-preferred-address-types=InternalIP \
    --requestheader-client-ca-file="$PKI/front-ca.crt" --requestheader-allowed-names=front-proxy-client \
    --requestheader-username-headers=X-Remote-User --requestheader-group-headers=X-Remote-Group \
    --requestheader-extra-headers-prefix=X-Remote-Extra- --proxy-client-cert-file="$PKI/front-client.crt" \
    --proxy-client-key-file="$PKI/front-client.key" --enable-aggregator-routing=true
}

run_controllers() {
  # One administrator's identity for all controllers: with an account for each, the first `default` ServiceAccount
  # comes 4 s later. Addresses of pods are given out by the node configuration.
  exec kube-controller-manager --kubeconfig="$KUBECONFIG" --authentication-kubeconfig="$KUBECONFIG" \
    --authorization-kubeconfig="$KUBECONFIG" --use-service-account-credentials=false --leader-elect=false \
    --service-account-private-key-file="$PKI/accounts.key" --root-ca-file="$PKI/ca.crt" \
    --cluster-signing-cert-file="$PKI/ca.crt" --cluster-signing-key-file="$PKI/ca.key" \
    --allocate-node-cidrs=false --bind-address=127.0.0.1 --profiling=false
}

run_scheduler() {
  local config="$PKI/scheduler.kubeconfig"
  exec kube-scheduler --kubeconfig="$config" --authentication-kubeconfig="$config" \
    --authorization-kubeconfig="$config" --leader-elect=false --bind-address=127.0.0.1 --profiling=false
}

# api PATH: GET as administrator; fails when the answer is not 2xx.
api() {
  curl --silent --fail --max-time 5 --cacert "$PKI/ca.crt" --cert "$PKI/admin.crt" --key "$PKI/admin.key" \
    "https://127.0.0.1:6443$1"
}

# has_controllers: false for a control plane of KUBEBUILDER_ASSETS where nothing else was built.
has_controllers() { command -v kube-controller-manager >/dev/null; }

start_control_plane() {
  start etcd run_etcd
  start kube-apiserver run_apiserver
  wait_until 90 "the API server" api /readyz
}

# start_controllers: only when the API server is ready; before that they find no permissions and end.
start_controllers() {
  start kube-controller-manager run_controllers
  start kube-scheduler run_scheduler
  wait_until 60 "the first service account" api /api/v1/namespaces/default/serviceaccounts/default
}
