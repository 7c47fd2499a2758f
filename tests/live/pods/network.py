"""Addresses and wires: a node with its own namespace, and a pair of ends for every pod.

All addresses are of the loopback range, which the kernel routes between namespaces once it is configured
to (route_localnet): nothing that these tests send can leave the machine.
"""

from __future__ import annotations

from live.pods.netns import Netns

NODE = "127.3.0.1"
LOOPBACK = "ip link set lo up; ip addr del 127.0.0.1/8 dev lo; ip addr add 127.0.0.1/32 dev lo"
SETTINGS = "/proc/sys/net/ipv4"


def node() -> Netns:
    netns = Netns()
    netns.run(
        f"""{LOOPBACK}
        echo 1 >{SETTINGS}/conf/all/route_localnet
        echo 1 >{SETTINGS}/ip_forward
        echo 0 >{SETTINGS}/conf/all/rp_filter
        echo 0 >{SETTINGS}/conf/default/rp_filter"""
    )
    return netns


def pod(node: Netns, index: int) -> tuple[Netns, str]:
    """A pod's namespace and its address, wired to the node."""
    address, wire = f"127.2.{index // 250}.{index % 250 + 1}", f"pod{index}"
    netns = Netns()
    node.run(
        f"""ip link add {wire} type veth peer name eth0 netns {netns.pid}
        ip link set {wire} up
        ip addr add {NODE}/32 dev {wire}
        ip route add {address}/32 dev {wire} src {NODE}"""
    )
    netns.run(
        f"""echo 1 >{SETTINGS}/conf/all/route_localnet
        echo 0 >{SETTINGS}/ip_unprivileged_port_start
        {LOOPBACK}
        ip link set eth0 up; ip addr add {address}/32 dev eth0
        ip route add {NODE}/32 dev eth0
        ip route add 127.0.0.0/8 via {NODE} dev eth0 src {address}"""
    )
    return netns, address


def service_address(index: int) -> str:
    return f"127.1.{index // 250}.{index % 250 + 1}"


def add_service_address(node: Netns, address: str) -> None:
    node.run(f"ip addr add {address}/32 dev lo")
