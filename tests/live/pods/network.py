"""Addresses and wires: a node with its own namespace, and a pair of ends for every pod.

All addresses are of one range, by default the loopback one, which the kernel routes between namespaces
once it is configured to (route_localnet). No wire leads from the node to the machine: nothing that these
tests send can leave it.
"""

from __future__ import annotations

from live.pods.netns import Netns

LOOPBACK_RANGE = "127"  # the first byte of every address
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


def pod(node: Netns, index: int, range: str) -> tuple[Netns, str]:
    """A pod's namespace and its address, wired to the node."""
    address, wire = f"{range}.2.{index // 250}.{index % 250 + 1}", f"pod{index}"
    node_address = f"{range}.3.0.1"
    netns = Netns()
    node.run(
        f"""ip link add {wire} type veth peer name eth0 netns {netns.pid}
        ip link set {wire} up
        ip addr add {node_address}/32 dev {wire}
        ip route add {address}/32 dev {wire} src {node_address}"""
    )
    netns.run(
        f"""echo 1 >{SETTINGS}/conf/all/route_localnet
        echo 0 >{SETTINGS}/ip_unprivileged_port_start
        {LOOPBACK}
        ip link set eth0 up; ip addr add {address}/32 dev eth0
        ip route add {node_address}/32 dev eth0
        ip route add {range}.0.0.0/8 via {node_address} dev eth0 src {address}"""
    )
    return netns, address


def service_address(index: int, range: str) -> str:
    return f"{range}.1.{index // 250}.{index % 250 + 1}"


def add_service_address(node: Netns, address: str) -> None:
    node.run(f"ip addr add {address}/32 dev lo")
