"""Connections that are passed on, as a load balancer does."""

from __future__ import annotations

import socket
import threading


def relay(server: socket.socket, target: tuple[str, int]) -> None:
    """Pass each connection of a listening socket on, from the network of the calling thread."""

    def accept() -> None:
        while True:
            client, _ = server.accept()
            try:
                upstream = socket.create_connection(target, 5)
            except OSError:
                client.close()
                continue
            upstream.settimeout(None)
            for source, sink in ((client, upstream), (upstream, client)):
                threading.Thread(target=_copy, args=(source, sink), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()


def _copy(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        source.close()
        sink.close()
