"""Stands in for Seldon's executor, which no registry has: one graph of one model, in Seldon's protocol over HTTP.

By executor/ of Seldon Core 1.17.1: the graph comes in `ENGINE_PREDICTOR`, a request to `/api/v1.0/predictions` goes
to `/predict` of the endpoint that the operator wrote into it, and `/ready` says whether the endpoint listens.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.error import HTTPError
from urllib.request import Request, urlopen

PATIENCE = 30  # seconds for one prediction


class Graph(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        ready = self.path == "/live" or (self.path == "/ready" and listens())
        self._answer(200 if ready else 503, b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path != "/api/v1.0/predictions":
            self._answer(404, b"")
            return
        url = f"http://{host}:{port}/predict"
        try:
            with urlopen(
                Request(url, body, {"Content-Type": "application/json"}), timeout=PATIENCE
            ) as answer:
                self._answer(answer.status, answer.read())
        except HTTPError as refusal:
            self._answer(refusal.code, refusal.read())

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def listens() -> bool:
    with socket.socket() as asking:
        return asking.connect_ex((host, port)) == 0


parser = argparse.ArgumentParser()
parser.add_argument("--http_port", type=int)
options, _ = parser.parse_known_args()
endpoint = json.loads(base64.b64decode(os.environ["ENGINE_PREDICTOR"]))["graph"]["endpoint"]
host, port = endpoint["service_host"], endpoint["httpPort"]
ThreadingHTTPServer(("", options.http_port), Graph).serve_forever()
