"""Models that change, copy and collect requests, and a Job that asks them: `double` is an image behind a
transformer and KServe's agent, which collects its requests and copies them to the model `copies`."""

from __future__ import annotations

import json
from typing import Any

from cluster.node import Node
from cluster.pods import PYTHON

# An HTTP server on port 8080: `answer(path, headers, body)` makes the response.
SERVER = """\
import http.server, json, sys, urllib.request

{answer}

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        text = json.dumps(answer(self.path, self.headers, body)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST

http.server.ThreadingHTTPServer(("", 8080), Handler).serve_forever()
"""
DOUBLE = """\
def answer(path, headers, body):
    return {"predictions": [2 * value for value in json.loads(body or "{}").get("instances", [])]}
"""
# Adds one before the model and asks it as KServe says.
ADD_ONE = """\
predictor = sys.argv[sys.argv.index("--predictor_host") + 1]

def answer(path, headers, body):
    if not body:
        return {}
    changed = json.dumps({"instances": [value + 1 for value in json.loads(body)["instances"]]})
    request = urllib.request.Request("http://" + predictor + path, changed.encode(),
                                     {"Content-Type": "application/json", "X-Caller-Id": "a1"})
    return json.loads(urllib.request.urlopen(request, timeout=60).read())
"""
KEEP = """\
copies = []

def answer(path, headers, body):
    if path == "/events":
        copies.append([headers["Ce-Type"], headers["Ce-Metadata"], json.loads(body)])
    return copies
"""
SCORE = """\
import concurrent.futures, json, os, time, urllib.request

def ask(values):
    body = json.dumps({"instances": values}).encode()
    address = os.environ["DOUBLE_URL"] + "/v1/models/double:predict"
    while True:
        try:
            request = urllib.request.Request(address, body, {"Content-Type": "application/json"})
            return json.loads(urllib.request.urlopen(request, timeout=60).read())
        except OSError as error:
            print(error, flush=True)
            time.sleep(3)

ask([0])
with concurrent.futures.ThreadPoolExecutor() as pool:
    answers = list(pool.map(ask, ([1], [2, 3])))
time.sleep(3)
copies = json.loads(urllib.request.urlopen(os.environ["COPIES_URL"], timeout=60).read())
print(json.dumps([answers, copies]))
"""
REQUEST = """\
import urllib.error, urllib.request

request = urllib.request.Request("http://double-predictor.mlops/v1/models/double:predict",
                                 b'{"instances": [1]}', {"Content-Type": "application/json"})
try:
    print(urllib.request.urlopen(request, timeout=10).status)
except urllib.error.HTTPError as error:
    print(error.code)
except OSError:
    print("none")
"""


def _server(answer: str) -> dict[str, object]:
    return {
        "image": PYTHON,
        "command": ["python", "-c", SERVER.replace("{answer}", answer)],
    }


def _small() -> dict[str, dict[str, str]]:
    return {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}}


def models() -> dict[str, Any]:
    double = {
        **_server(DOUBLE),
        "protocol": "v1",
        "access": "inside",
        "resources": _small(),
        "transformer": {**_server(ADD_ONE), "resources": _small()},
        "batcher": {"maxBatchSize": 3, "maxLatency": "2s"},
        "logger": {
            "sink": "copies",
            "path": "/events",
            "mode": "request",
            "metadataHeaders": ["x-caller-id"],
        },
    }
    return {
        "double": double,
        "copies": {**_server(KEEP), "access": "inside", "resources": _small()},
    }


def workloads() -> dict[str, Any]:
    scoring = {
        "image": PYTHON,
        "command": ["python", "-c", SCORE],
        "uses": ["double", "copies"],
        "run": "once",
    }
    return {"scoring": scoring}


def check(node: Node) -> None:
    """The Job's requests were changed, collected and copied, and only the transformer reaches the server."""
    node.until_complete("mlops", "app.kubernetes.io/instance=scoring", 600)
    labels = "app.kubernetes.io/instance=scoring"
    logs = node.kubectl("logs", "-n", "mlops", "-l", labels, "-c", "main", "--tail=1")
    answers, copies = json.loads(logs.splitlines()[-1])
    assert [answer["predictions"] for answer in answers] == [[4], [6, 8]]
    assert answers[0]["batchId"] == answers[1]["batchId"]
    assert {copy[0] for copy in copies} == {"org.kubeflow.serving.inference.request"}
    assert json.loads(copies[-1][1]) == {"X-Caller-Id": ["a1"]}
    assert sorted(copy[2]["instances"] for copy in copies) == [[1], [2], [3, 4]]
    assert _answer(node, "double", "transformer") == "200"
    assert _answer(node, "copies", "model") != "200"


def _answer(node: Node, model: str, role: str) -> str:
    """The status of the server of `double` for a pod of a model, or `none`."""
    labels = f"app.kubernetes.io/instance={model},app.kubernetes.io/component={role}"
    pod = node.get("pods", "-n", "mlops", "-l", labels)["items"][0]["metadata"]["name"]
    words = ("exec", "-n", "mlops", pod, "-c", "kserve-container", "--", "python", "-c", REQUEST)
    return node.kubectl(*words).strip()
