#!/usr/bin/env bash
# A walk through the example on a cluster of your own: needs docker, kind, kubectl and curl. Takes some ten minutes.
#   examples/kubernetes/kind.sh [memory|valkey]   (default: valkey)
#   examples/kubernetes/kind.sh delete
set -euo pipefail
cd "$(dirname "$0")/../.."

readonly cluster=limpet-example image=limpet-example:1 overlay=${1:-valkey}
readonly folder=examples/kubernetes
# The cluster's own context, whatever the current one is.
kube() { kubectl --context "kind-$cluster" "$@"; }
say() { printf '\n== %s\n' "$*"; }

case $overlay in
  delete) exec kind delete cluster --name "$cluster" ;;
  memory | valkey) ;;
  *)
    echo "expected memory, valkey or delete, got $overlay" >&2
    exit 2
    ;;
esac
for program in docker kind kubectl curl; do
  command -v "$program" >/dev/null || {
    echo "$program is missing" >&2
    exit 1
  }
done

say "a cluster named $cluster"
kind get clusters | grep -qx "$cluster" || kind create cluster --config "$folder/kind.yaml" --name "$cluster" --wait 120s

say "the image"
docker build -f "$folder/Dockerfile" -t "$image" .
kind load docker-image "$image" --name "$cluster"

say "the overlay $overlay"
kube apply -k "$folder/overlays/$overlay"
kube -n limpet rollout status statefulset/web --timeout=180s
kube -n limpet rollout status deployment/gateway --timeout=180s

local_port=${PORT:-18080}
# Not by the function: what is killed at the end must be kubectl itself, and no shell around it.
kubectl --context "kind-$cluster" -n limpet port-forward service/gateway "$local_port:80" >/dev/null &
forward=$!
trap 'kill "$forward" 2>/dev/null || true' EXIT
url=http://127.0.0.1:$local_port
for _ in $(seq 50); do
  curl -fsS -o /dev/null "$url/" 2>/dev/null && break
  sleep 0.2
done

# Asks with a key, and prints the name of the pod that answers.
pod_of() { curl -fsS -H "x-session-id: $1" "$url/" | sed -E 's/.*"pod":"([^"]+)".*/\1/'; }

# Waits until a key is at a pod: what Kubernetes has told us it tells the gateways in the same moment.
until_at() {
  local key=$1 wanted=$2 pod=''
  for _ in $(seq 50); do
    pod=$(pod_of "$key")
    [ "$pod" = "$wanted" ] && {
      echo "$key: $pod"
      return
    }
    sleep 0.2
  done
  echo "$key is at $pod and not at $wanted" >&2
  exit 1
}

say "five requests of each of three keys: one pod each"
declare -A at
for key in alice bob carol; do
  at[$key]=$(pod_of "$key")
  for _ in 1 2 3 4; do
    pod=$(pod_of "$key")
    [ "$pod" = "${at[$key]}" ] || {
      echo "$key was at ${at[$key]} and is at $pod" >&2
      exit 1
    }
  done
  echo "$key: ${at[$key]}"
done

pod=${at[alice]}
say "a drain: $pod is deleted, and keeps its keys while its preStop hook waits, 75 s at most"
kube -n limpet delete pod "$pod" --wait=false
kube -n limpet get endpointslices -l kubernetes.io/service-name=web \
  -o jsonpath='{range .items[*].endpoints[*]}{.targetRef.name} {.conditions}{"\n"}{end}'
for _ in 1 2 3; do until_at alice "$pod"; done
kube -n limpet wait --for=delete "pod/$pod" --timeout=180s
kube -n limpet rollout status statefulset/web --timeout=180s
say "$pod is back at another address, and so is its key at $pod"
until_at alice "$pod"

say "a rolling restart of the StatefulSet: each pod is drained, one after the other"
kube -n limpet get pods -l app.kubernetes.io/name=web -o wide
kube -n limpet rollout restart statefulset/web
kube -n limpet rollout status statefulset/web --timeout=600s
kube -n limpet get pods -l app.kubernetes.io/name=web -o wide
for key in alice bob carol; do until_at "$key" "${at[$key]}"; done

say "done. The cluster stays; to delete it: $folder/kind.sh delete"
