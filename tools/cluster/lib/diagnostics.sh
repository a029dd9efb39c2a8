# Sourced by up and diagnostics: everything needed to see why a cluster does not work, in one folder.

# collect_diagnostics: prints the folder it made. Works on half-started and dead instances too.
collect_diagnostics() {
  local bundle file
  bundle="$CP_CACHE/diagnostics/$INSTANCE-$(date +%Y%m%d-%H%M%S)"
  mkdir -p "$bundle"
  cp -r "$INSTANCE_DIR/logs" "$bundle/" 2>/dev/null || true
  for file in phase progress nodes slot; do cp "$INSTANCE_DIR/$file" "$bundle/" 2>/dev/null || true; done
  if instance_alive && [ -n "$(state init)" ]; then
    observe processes ps -eo pid,ppid,stat,etime,rss,args
    observe network sh -c 'ip addr; ip route; for f in /run/netns/*; do echo "== $f"; nsenter --net=$f ip addr; done'
    observe nodes kubectl describe nodes
    observe pods kubectl get pods --all-namespaces --output wide
    observe pods-described kubectl describe pods --all-namespaces
    observe events kubectl get events --all-namespaces --sort-by .lastTimestamp
    observe volumes kubectl get persistentvolumes,persistentvolumeclaims --all-namespaces
  fi
  printf '%s\n' "$bundle"
}

# observe NAME COMMAND...: the command's output, also when it fails or hangs, as file NAME of the bundle.
observe() { inside timeout 10 "${@:2}" >"$bundle/$1.txt" 2>&1 </dev/null || true; }
