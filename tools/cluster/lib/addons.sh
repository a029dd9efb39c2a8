# Sourced by the supervisor: cluster DNS and volumes.
#
# Volumes are a pool of folders made before they are claimed. Every node sees the same folder, so a pod keeps its data
# when it moves to another node, as with network storage. A volume whose claim was deleted is emptied and offered again.
VOLUMES=24
# Nominal: claims of any usual size match, nothing enforces it.
VOLUME_SIZE=100Gi

volume_manifest() {
  cat <<YAML
---
apiVersion: v1
kind: PersistentVolume
metadata: { name: $1 }
spec:
  capacity: { storage: $VOLUME_SIZE }
  accessModes: [ReadWriteOnce]
  storageClassName: local
  persistentVolumeReclaimPolicy: Retain
  hostPath: { path: $INSIDE_STATE/volumes/$1, type: Directory }
YAML
}

# make_volume NAME: an empty folder that every user may write to: hostPath volumes are not handed to a pod's fsGroup.
make_volume() {
  rm -rf "${INSIDE_STATE:?}/volumes/$1"
  mkdir -p "$INSIDE_STATE/volumes/$1"
  chmod 0777 "$INSIDE_STATE/volumes/$1"
}

start_addons() {
  local i name replicas=1
  progress "starting DNS"
  [ "$NODES" -eq 1 ] || replicas=2
  {
    sed -e "s#@DNS@#$SERVICE_DNS#g; s#@REPLICAS@#$replicas#g" "$CONF/coredns.yaml.in"
    cat "$CONF/storage-class.yaml"
    for ((i = 1; i <= VOLUMES; i++)); do
      name=$(printf 'local-%02d' "$i")
      make_volume "$name"
      volume_manifest "$name"
    done
  } >"$INSIDE_STATE/data/addons.yaml"
  kubectl create --validate=false --filename "$INSIDE_STATE/data/addons.yaml" >/dev/null
  wait_until 60 "cluster DNS" dns_is_ready "$replicas"
}

dns_is_ready() {
  api "/apis/apps/v1/namespaces/kube-system/deployments/coredns?pretty=true" | grep "\"readyReplicas\": $1"
}

# recycle_volumes: empties volumes whose claim is gone and offers them again.
recycle_volumes() {
  local name
  api /api/v1/persistentvolumes >"$INSIDE/volumes.json" || return 0
  grep -q '"phase": *"Released"' "$INSIDE/volumes.json" || return 0
  kubectl get persistentvolumes --output 'jsonpath={range .items[?(@.status.phase=="Released")]}{.metadata.name}{"\n"}{end}' |
    grep '^local-' | while read -r name; do
      kubectl delete persistentvolume "$name" --timeout=20s
      make_volume "$name"
      volume_manifest "$name" | kubectl create --validate=false --filename -
    done
}
