"""Choose the ports of a laptop at which port-forwards answer."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

_FIRST_FREE_PORT = 1024  # below it, only root may listen
_HTTP, _HTTPS = 8080, 8443  # replace ports below that


def local_ports(ports: Sequence[int]) -> list[int]:
    """A local port for each server, so that all can be forwarded together.

    The first server with a port keeps it; a further server gets the next port that no server has.
    """
    assigned: list[int] = []
    for port in ports:
        local = port
        if port < _FIRST_FREE_PORT or port in assigned:
            start = port + 1 if port >= _FIRST_FREE_PORT else _HTTPS if port == 443 else _HTTP
            local = next(free for free in count(start) if free not in {*ports, *assigned})
        assigned.append(local)
    return assigned
