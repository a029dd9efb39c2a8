# Sourced by the supervisor: the certificates and identities of one instance, new at every start.
PKI=$INSIDE_STATE/pki
# An instance lives for days at most; ten years keep a forgotten one from failing in a puzzling way.
CERTIFICATE_DAYS=3650
KEY_KIND=(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes)

# make_ca NAME SUBJECT
make_ca() {
  openssl req -x509 "${KEY_KIND[@]}" -config "$PKI/openssl.cnf" -keyout "$PKI/$1.key" -out "$PKI/$1.crt" \
    -subj "/CN=$2" -days "$CERTIFICATE_DAYS" -addext basicConstraints=critical,CA:TRUE \
    -addext keyUsage=critical,keyCertSign,cRLSign,digitalSignature 2>/dev/null
}

# make_certificate CA NAME SUBJECT USAGE [ALTERNATIVE_NAMES]
make_certificate() {
  local names=()
  [ -z "${5:-}" ] || names=(-addext "subjectAltName=$5")
  openssl req -x509 "${KEY_KIND[@]}" -config "$PKI/openssl.cnf" -keyout "$PKI/$2.key" -out "$PKI/$2.crt" \
    -CA "$PKI/$1.crt" -CAkey "$PKI/$1.key" -subj "$3" -days "$CERTIFICATE_DAYS" \
    -addext basicConstraints=CA:FALSE -addext keyUsage=digitalSignature,keyEncipherment \
    -addext "extendedKeyUsage=$4" "${names[@]}" 2>/dev/null
}

# make_kubeconfig FILE CERTIFICATE: self-contained, so a copy of the file works anywhere on the machine.
make_kubeconfig() {
  cat >"$1" <<YAML
apiVersion: v1
kind: Config
clusters:
  - name: local
    cluster: { server: "https://$API_ADDRESS:6443", certificate-authority-data: $(base64 -w0 "$PKI/ca.crt") }
users:
  - name: user
    user: { client-certificate-data: $(base64 -w0 "$PKI/$2.crt"), client-key-data: $(base64 -w0 "$PKI/$2.key") }
contexts:
  - name: local
    context: { cluster: local, user: user }
current-context: local
YAML
}

# make_certificates NODES
make_certificates() {
  local i service=kubernetes.default.svc.cluster.local
  umask 077
  mkdir -p "$PKI"
  printf '[req]\ndistinguished_name = name\n[name]\n' >"$PKI/openssl.cnf"
  make_ca ca kubernetes-ca
  make_ca front-ca front-proxy-ca
  make_certificate ca apiserver /CN=kube-apiserver serverAuth \
    "DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:$service,IP:127.0.0.1,IP:$API_ADDRESS,IP:$SERVICE_FIRST"
  make_certificate ca kubelet-client /O=system:masters/CN=kube-apiserver-kubelet-client clientAuth
  make_certificate front-ca front-client /CN=front-proxy-client clientAuth
  make_certificate ca admin /O=system:masters/CN=admin clientAuth
  make_certificate ca scheduler /CN=system:kube-scheduler clientAuth
  make_certificate ca proxy /CN=system:kube-proxy clientAuth
  openssl ecparam -name prime256v1 -genkey -noout -out "$PKI/accounts.key"
  openssl pkey -in "$PKI/accounts.key" -pubout -out "$PKI/accounts.pub"
  for ((i = 1; i <= $1; i++)); do
    make_certificate ca "node-n$i" "/O=system:nodes/CN=system:node:n$i" clientAuth
    make_certificate ca "kubelet-n$i" "/CN=n$i" serverAuth "DNS:n$i,IP:$(node_address "$i"),IP:127.0.0.1"
    make_kubeconfig "$PKI/node-n$i.kubeconfig" "node-n$i"
  done
  make_kubeconfig "$INSIDE_STATE/kubeconfig" admin
  make_kubeconfig "$PKI/scheduler.kubeconfig" scheduler
  make_kubeconfig "$PKI/proxy.kubeconfig" proxy
  umask 022
}
