#!/usr/bin/env bash
# Makes the authority, the certificates and the kubeconfigs of one node with its control plane.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
mkdir -p "$STATE/pki"
chmod 700 "$STATE/pki"
cd "$STATE/pki"

key() { openssl ecparam -genkey -name prime256v1 -noout -out "$1.key" 2>/dev/null; }

authority() { # NAME
  key "$1"
  openssl req -x509 -new -key "$1.key" -subj "/CN=$1" -days 30 -out "$1.crt" \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign,digitalSignature
}

certificate() { # NAME AUTHORITY SUBJECT USAGE [ALTERNATIVE NAMES]
  key "$1"
  openssl req -new -key "$1.key" -subj "$3" -out "$1.csr"
  {
    echo "keyUsage=critical,digitalSignature"
    echo "extendedKeyUsage=$4"
    [ -z "${5:-}" ] || echo "subjectAltName=$5"
  } >"$1.ext"
  openssl x509 -req -in "$1.csr" -CA "$2.crt" -CAkey "$2.key" -CAcreateserial -days 30 \
    -extfile "$1.ext" -out "$1.crt" 2>/dev/null
  rm "$1.csr" "$1.ext"
}

kubeconfig() { # FILE CERTIFICATE PORT
  local encode="base64 -w0"
  cat >"$1" <<K
apiVersion: v1
kind: Config
clusters:
- name: node
  cluster: {server: "https://127.0.0.1:$3", certificate-authority-data: $($encode ca.crt)}
users:
- name: $2
  user: {client-certificate-data: $($encode "$2.crt"), client-key-data: $($encode "$2.key")}
contexts:
- name: node
  context: {cluster: node, user: $2}
current-context: node
K
  chmod 600 "$1"
}

authority ca
authority front-proxy-ca
names=IP:127.0.0.1,IP:10.96.0.1,IP:10.201.0.2
for name in localhost kubernetes{,.default{,.svc{,.cluster.local}}}; do names+=,DNS:$name; done
certificate apiserver ca /CN=kube-apiserver serverAuth "$names"
certificate front-proxy-client front-proxy-ca /CN=front-proxy-client clientAuth
certificate admin ca /O=system:masters/CN=admin clientAuth
certificate controller-manager ca /CN=system:kube-controller-manager clientAuth
certificate scheduler ca /CN=system:kube-scheduler clientAuth
certificate apiserver-kubelet-client ca /O=system:masters/CN=apiserver-kubelet-client clientAuth
certificate kubelet ca /O=system:nodes/CN=system:node:node-0 clientAuth
certificate kube-proxy ca /CN=system:kube-proxy clientAuth
certificate policies ca /O=system:masters/CN=policies clientAuth
key sa
openssl ec -in sa.key -pubout -out sa.pub 2>/dev/null
for name in controller-manager scheduler kubelet kube-proxy policies; do
  kubeconfig "$name.kubeconfig" "$name" 6443
done
kubeconfig "$KUBECONFIG" admin "$1"
