"""Services: an address each, answering on the Service's ports while a pod that it selects is ready.

Bytes are copied here, where kube-proxy has rules; a Service without a ready pod
refuses, as in a cluster.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
from collections.abc import Callable, Coroutine
from typing import Any

from live.pods.netns import Netns
from live.pods.objects import Manifest

Backends = Callable[[], list[tuple[str, int]]]


class Forwarder:
    """One thread in the node's network that serves all Services."""

    def __init__(self, network: Netns) -> None:
        self.answered: set[tuple[str, str, int]] = (
            set()
        )  # the pods that had an answer, and its source
        self.loop = asyncio.new_event_loop()
        self.servers: dict[tuple[str, int], asyncio.Server] = {}
        self.thread = threading.Thread(target=self._run, args=(network,), daemon=True)
        self.thread.start()

    def _run(self, network: Netns) -> None:
        network.enter()
        self.loop.run_forever()

    def _wait(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self.loop).result(30)

    def set(self, address: str, port: int, backends: Backends) -> None:
        """Listen while there are backends, and only then."""
        self._wait(self._set(address, port, backends))

    async def _set(self, address: str, port: int, backends: Backends) -> None:
        server = self.servers.get((address, port))
        if backends() and server is None:

            async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                client = (writer.get_extra_info("peername")[0], address, port)
                await _serve(reader, writer, backends, lambda: self.answered.add(client))

            listening_server = await asyncio.start_server(serve, address, port, backlog=1024)
            self.servers[address, port] = listening_server
        elif not backends() and server is not None:
            server.close()
            del self.servers[address, port]

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)


async def _serve(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    backends: Backends,
    answered: Callable[[], None],
) -> None:
    targets = backends()
    random.shuffle(targets)
    for address, port in targets:
        with contextlib.suppress(OSError):
            from_pod, to_pod = await asyncio.open_connection(address, port)
            await asyncio.gather(_copy(reader, to_pod), _copy(from_pod, writer, answered))
            break
    writer.close()


async def _copy(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    notify: Callable[[], None] = lambda: None,
) -> None:
    try:
        while chunk := await reader.read(65536):
            notify()
            writer.write(chunk)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
    except (OSError, RuntimeError):
        writer.transport.abort()


def names(name: str, namespace: str, domain: str = "cluster.local") -> list[str]:
    """Every name that cluster DNS gives a Service, short ones for its own namespace apart."""
    return [f"{name}.{namespace}.svc.{domain}", f"{name}.{namespace}.svc", f"{name}.{namespace}"]


def selects(service: Manifest, labels: dict[str, str]) -> bool:
    selector = service["spec"].get("selector") or {}
    return bool(selector) and selector.items() <= labels.items()


def target_port(port: Manifest, spec: Manifest) -> int | None:
    """The port of a pod behind a Service's port: a number, or the name of a container's."""
    target = port.get("targetPort", port["port"])
    if isinstance(target, int):
        return target
    declared = (port for container in spec["containers"] for port in container.get("ports", ()))
    return next(
        (
            container_port["containerPort"]
            for container_port in declared
            if container_port.get("name") == target
        ),
        None,
    )
