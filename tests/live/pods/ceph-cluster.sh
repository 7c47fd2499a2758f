#!/bin/sh
# A whole Ceph cluster as one container: a monitor and one OSD, which keeps objects in memory. Rook makes
# each a pod, with disks. `ceph.conf` and the keyring lie in /etc/ceph.
set -e
# Both protocols: clients that are told of both try the second one alone.
monmaptool --create --fsid "$CLUSTER" --addv a "[v2:$ADDRESS:3300,v1:$ADDRESS:6789]" /tmp/monmap
ceph-mon -i a --mkfs --monmap /tmp/monmap
ceph-mon -i a
ceph osd new "$CLUSTER" 0
ceph-osd -i 0 --mkfs --osd-uuid "$CLUSTER"
exec ceph-osd -i 0 --public-addr "$ADDRESS" --foreground
