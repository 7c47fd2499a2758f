#!/usr/bin/env bash
# The node's first process, in namespaces of its own, which all end with it.
# init.sh STATE CACHE BIN builds the node's root and goes on inside it; `init.sh inside` starts what runs
# on a node.
set -euo pipefail
if [ "${1:-}" != inside ]; then
  STATE=$1 CACHE=$2 BIN=$3 SCRIPTS=$(dirname "$(readlink -f "$0")") ROOT=$1/root
  hostname node-0
  mount -t overlay overlay \
    -o "lowerdir=$CACHE/layers/node:$CACHE/layers/debian,upperdir=$STATE/upper,workdir=$STATE/work" "$ROOT"
  mount -t proc proc "$ROOT/proc"
  mount -t sysfs sysfs "$ROOT/sys"
  mount --rbind /dev "$ROOT/dev"
  mount --make-rslave "$ROOT/dev"
  mount -t tmpfs -o mode=755 tmpfs "$ROOT/run"
  mount -t tmpfs -o mode=1777 tmpfs "$ROOT/tmp"
  # cgroup v1: the machine's hierarchies again, which in this cgroup namespace begin at the node's own group.
  mount -t tmpfs -o mode=755 tmpfs "$ROOT/sys/fs/cgroup"
  for name in cpu cpuacct cpuset memory devices freezer blkio pids; do
    mkdir "$ROOT/sys/fs/cgroup/$name"
    mount -t cgroup -o "$name" cgroup "$ROOT/sys/fs/cgroup/$name"
  done
  mkdir "$ROOT/sys/fs/cgroup/systemd"
  mount -t cgroup -o none,name=systemd cgroup "$ROOT/sys/fs/cgroup/systemd"
  bind() { # FROM TO [ro]
    mkdir -p "$1" "$ROOT$2"
    mount --bind "$1" "$ROOT$2"
    [ "${3:-}" != ro ] || mount -o remount,bind,ro "$ROOT$2"
  }
  for name in containerd kubelet etcd; do bind "$STATE/var/$name" "/var/lib/$name"; done
  bind "$STATE/var/local-path" /opt/local-path-provisioner
  bind "$STATE/log" /var/log
  bind "$STATE/run" /run/platformc
  bind "$CACHE/registry" /srv/registry ro
  bind "$BIN" /opt/platformc ro
  bind "$STATE/pki" /etc/kubernetes/pki ro
  bind "$SCRIPTS" /srv/node ro
  # The kubelet sets kernel parameters that are the whole machine's. Here it finds them set, in files of its own.
  mkdir -p "$ROOT/run/sysctl"
  while read -r name value; do
    [ -e "$ROOT/proc/sys/$name" ] || continue
    echo "$value" >"$ROOT/run/sysctl/${name//\//.}"
    mount --bind "$ROOT/run/sysctl/${name//\//.}" "$ROOT/proc/sys/$name"
  done <<<'vm/overcommit_memory 1
vm/panic_on_oom 0
kernel/panic 10
kernel/panic_on_oops 1
kernel/keys/root_maxkeys 1000000
kernel/keys/root_maxbytes 25000000'
  cd "$ROOT"
  mkdir -p run/old
  pivot_root . run/old
  exec chroot . /bin/bash /srv/node/init.sh inside
fi

umount -l /run/old
mount --make-rshared /
export PATH=/opt/platformc:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root NODE_NAME=node-0
IP=10.201.0.2 PKI=/etc/kubernetes/pki SERVICES=10.96.0.0/16
ip link set lo up
# A pair of virtual cards: not every kernel has the dummy device.
ip link add node0 type veth peer name node0p
ip link set node0p up
ip link set node0 up
ip addr add $IP/24 dev node0
ip route add default via 10.201.0.1 dev node0
sysctl -qw net.ipv4.ip_forward=1 net.bridge.bridge-nf-call-iptables=1 net.bridge.bridge-nf-call-ip6tables=1
printf '127.0.0.1 localhost\n%s node-0\n' $IP >/etc/hosts
: >/etc/resolv.conf
mkdir -p /etc/cni/net.d /etc/containerd/certs.d/_default /var/lib/kubelet
mkdir -p /opt/cni && ln -sfn /usr/lib/cni /opt/cni/bin # where upstream's charts expect it
cp /srv/node/conf/10-bridge.conflist /etc/cni/net.d/
cp /srv/node/conf/containerd.toml /etc/containerd/config.toml
cp /srv/node/conf/hosts.toml /etc/containerd/certs.d/_default/

start() { # NAME COMMAND...
  local name=$1
  shift
  "$@" >>"/var/log/$name.log" 2>&1 </dev/null &
}
until_ok() { # SECONDS COMMAND...
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || return 1
    sleep 0.2
  done
}
start registry node registry 127.0.0.1:5000 /srv/registry
start containerd containerd
start forward node forward unix:/run/platformc/api.sock tcp:127.0.0.1:6443
start etcd servers etcd --name node --data-dir /var/lib/etcd --unsafe-no-fsync --log-level warn \
  --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 \
  --listen-peer-urls http://127.0.0.1:2380 --initial-advertise-peer-urls http://127.0.0.1:2380 \
  --initial-cluster node=http://127.0.0.1:2380
until_ok 60 curl -fsS http://127.0.0.1:2379/health
start apiserver servers kube-apiserver --etcd-servers http://127.0.0.1:2379 --bind-address 0.0.0.0 \
  --secure-port 6443 --advertise-address $IP \
  --tls-cert-file $PKI/apiserver.crt --tls-private-key-file $PKI/apiserver.key --client-ca-file $PKI/ca.crt \
  --kubelet-client-certificate $PKI/apiserver-kubelet-client.crt \
  --kubelet-client-key $PKI/apiserver-kubelet-client.key --kubelet-preferred-address-types InternalIP \
  --authorization-mode Node,RBAC --enable-admission-plugins NodeRestriction \
  --requestheader-client-ca-file $PKI/front-proxy-ca.crt --requestheader-allowed-names front-proxy-client \
  --requestheader-username-headers X-Remote-User --requestheader-group-headers X-Remote-Group \
  --requestheader-extra-headers-prefix X-Remote-Extra- \
  --proxy-client-cert-file $PKI/front-proxy-client.crt --proxy-client-key-file $PKI/front-proxy-client.key \
  --service-account-issuer https://kubernetes.default.svc.cluster.local \
  --service-account-key-file $PKI/sa.pub --service-account-signing-key-file $PKI/sa.key \
  --service-cluster-ip-range $SERVICES --allow-privileged=true --profiling=false
until_ok 120 curl -fsS --cacert $PKI/ca.crt --cert $PKI/admin.crt --key $PKI/admin.key https://127.0.0.1:6443/readyz
start controller-manager servers kube-controller-manager --kubeconfig $PKI/controller-manager.kubeconfig \
  --authentication-kubeconfig $PKI/controller-manager.kubeconfig \
  --authorization-kubeconfig $PKI/controller-manager.kubeconfig --bind-address 127.0.0.1 \
  --leader-elect=false --use-service-account-credentials=true --allocate-node-cidrs=true \
  --cluster-cidr 10.244.0.0/16 --service-cluster-ip-range $SERVICES --root-ca-file $PKI/ca.crt \
  --service-account-private-key-file $PKI/sa.key --cluster-signing-cert-file $PKI/ca.crt \
  --cluster-signing-key-file $PKI/ca.key --profiling=false
start scheduler servers kube-scheduler --kubeconfig $PKI/scheduler.kubeconfig \
  --authentication-kubeconfig $PKI/scheduler.kubeconfig --authorization-kubeconfig $PKI/scheduler.kubeconfig \
  --bind-address 127.0.0.1 --leader-elect=false --profiling=false
start kubelet node kubelet --config /srv/node/conf/kubelet.yaml --kubeconfig $PKI/kubelet.kubeconfig \
  --hostname-override node-0 --node-ip $IP
start kube-proxy node kube-proxy --config /srv/node/conf/kube-proxy.yaml --hostname-override node-0
policies() { # again until the node is registered
  until node policies --kubeconfig $PKI/policies.kubeconfig --service-cluster-ip-range $SERVICES; do sleep 1; done
}
start policies policies
while :; do
  wait -n || :
  sleep 1
done
