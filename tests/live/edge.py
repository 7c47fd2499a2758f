"""A stand-in for a gateway: it serves HTTPS, and sends requests where the routes of ROUTES lead.

ROUTES has, by host, the Service, its port, and the prefixes of paths that are hidden.
"""

from __future__ import annotations

import json
import os
import ssl
from collections.abc import Callable
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ROUTES = json.loads(os.environ["ROUTES"])
OF_A_CONNECTION = ("connection", "content-length", "keep-alive", "transfer-encoding")


class Edge(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __getattr__(self, name: str) -> Callable[[], None]:
        if not name.startswith("do_"):
            raise AttributeError(name)
        return self._answer

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        route = ROUTES.get(self.headers["host"])
        if route is None or any(self.path.startswith(prefix) for prefix in route["hidden"]):
            self._send(404, [], b"")
            return
        server = HTTPConnection(route["service"], route["port"], timeout=60)
        headers = {key: value for key, value in self.headers.items() if key.lower() != "connection"}
        server.request(self.command, self.path, body, headers)
        answer = server.getresponse()
        self._send(answer.status, answer.getheaders(), answer.read())
        server.close()

    def _send(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response_only(status)
        for key, value in headers:
            if key.lower() not in OF_A_CONNECTION:
                self.send_header(key, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Log nothing: a test sends thousands of requests."""


if __name__ == "__main__":
    edge = ThreadingHTTPServer((os.environ["ADDRESS"], 443), Edge)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain("/etc/edge/server.crt", "/etc/edge/server.key")
    edge.socket = context.wrap_socket(edge.socket, server_side=True)
    edge.serve_forever()
