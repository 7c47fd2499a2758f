"""The login before a page: real oauth2-proxy as compiled, real Dex, and real MLflow behind.

The compiled platform runs as processes. `edge.py` stands in for the gateway: it serves HTTPS and
follows the compiled VirtualServices; test_traefik.py has Istio's own gateway. Dex has two users:
one of the group `authors`, and one of no group.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from live.bindings import idle
from live.browsing import (
    ANONYMOUS,
    BROWSER,
    CONSOLE_PAGE,
    EVERY_ROUTE,
    KEEP,
    LOGOUT,
    MEMBER,
    RETURN,
    STRANGER,
    TOKEN,
)
from live.platforms import Platform
from live.pods.node import Node

pytestmark = pytest.mark.live

HERE = Path(__file__).parent
SPEC = """
  tls: {secret: edge-tls}
  login:
    issuer: https://dex.sso.svc.cluster.local:5556/dex
    client: {id: ml-platform}
    groups: [authors]
  components:
    minio: {namespace: storage}
    postgres: {}
    mlflow: {smoke: false}
    istio: {}
  workloads:
    browser: {image: "registry.example.internal/browser:1.0.0", command: [python]}
"""
GROWN = SPEC.replace("namespace: storage", "namespace: storage, groups: [operators]")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
ISSUER = "https://dex.sso.svc.cluster.local:5556/dex"
LOGIN = f"{ISSUER}/auth"


def openssl(*words: str | Path) -> None:
    subprocess.run(["openssl", *words], check=True, capture_output=True)


def certificates(folder: Path) -> dict[str, str]:
    """An authority, and a certificate of the edge and of Dex that it signed."""
    key = ("-newkey", "rsa:2048", "-nodes", "-days", "2")
    openssl("req", "-x509", *key, "-keyout", folder / "own.key", "-out", folder / "own.crt",
            "-subj", "/CN=a company")  # fmt: skip
    openssl("req", *key, "-keyout", folder / "server.key", "-out", folder / "server.csr",
            "-subj", "/CN=edge")  # fmt: skip
    (folder / "san").write_text(
        "subjectAltName=DNS:*.ml.example.internal,DNS:dex.sso.svc.cluster.local"
    )
    openssl("x509", "-req", "-in", folder / "server.csr", "-CA", folder / "own.crt", "-CAkey",
            folder / "own.key", "-CAcreateserial", "-days", "2", "-extfile", folder / "san",
            "-out", folder / "server.crt")  # fmt: skip
    return {name: (folder / name).read_text() for name in ("own.crt", "server.crt", "server.key")}


def with_authority(spec: str, certificate: str) -> str:
    """A spec whose issuer has a certificate of the company's authority."""
    lines = "".join(f"      {line}\n" for line in certificate.splitlines())
    return spec.replace("  components:", f"    ca: |\n{lines}  components:", 1)


def dex(secret: str) -> dict[str, Any]:
    return {
        "issuer": ISSUER,
        "storage": {"type": "memory"},
        "web": {
            "https": "0.0.0.0:5556",
            "tlsCert": "/etc/dex/server.crt",
            "tlsKey": "/etc/dex/server.key",
        },
        "oauth2": {"skipApprovalScreen": True},
        "connectors": [{"type": "mockCallback", "id": "mock", "name": "Mock"}],
        "enablePasswordDB": True,
        "staticPasswords": [
            {
                "email": "jane@example.internal",
                # Of the word `password`, from Dex' own example.
                "hash": "$2a$10$2b2cU8CPhOTaGrs1HRQuAueS7JTT5ZHsHSzYiFPm1leZck7Mc8T4W",
                "username": "jane",
                "userID": "1",
            }
        ],
        "staticClients": [
            {
                "id": "ml-platform",
                "name": "ML platform",
                "secret": secret,
                "redirectURIs": [
                    f"https://{page}.ml.example.internal/{path}/callback"
                    for page in ("mlflow", "minio-console", "argo-workflows", "wine")
                    for path in ("oauth2", "oauth2-proxy")
                ],
            }
        ],
    }


def routes(objects: list[dict[str, Any]]) -> dict[str, Any]:
    """Where the compiled VirtualServices lead, by host."""
    actual = {}
    for manifest in objects:
        if manifest["kind"] == "VirtualService":
            *hidden, last_route = manifest["spec"]["http"]
            target = last_route["route"][0]["destination"]
            prefixes = [match["uri"]["prefix"] for rule in hidden for match in rule["match"]]
            for host in manifest["spec"]["hosts"]:
                actual[host] = {
                    "service": target["host"],
                    "port": target["port"]["number"],
                    "hidden": prefixes,
                }
    return actual


def server(
    namespace: str, name: str, image: str, port: int, command: list[str],
    files: dict[str, str], **env: str,
) -> Iterator[dict[str, Any]]:  # fmt: skip
    """A server of the cluster's that the platform does not bring."""
    metadata = {"name": name, "namespace": namespace}
    container = {
        "name": name, "image": image, "command": command,
        "env": [{"name": key, "value": value} for key, value in env.items()],
        "readinessProbe": {"tcpSocket": {"port": port}},
        "volumeMounts": [{"name": "files", "mountPath": f"/etc/{name}"}],
    }  # fmt: skip
    spec = {
        "containers": [container],
        "volumes": [{"name": "files", "configMap": {"name": name}}],
    }
    labels = {"app": name}
    yield {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": files}
    yield {
        "apiVersion": "v1", "kind": "Service", "metadata": metadata,
        "spec": {"selector": labels, "ports": [{"port": port, "targetPort": port}]},
    }  # fmt: skip
    yield {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata,
        "spec": {"replicas": 1, "template": {"metadata": {"labels": labels}, "spec": spec}},
    }  # fmt: skip


class Visitor:
    """A browser in a pod, for which the platform's hosts are the edge."""

    def __init__(self, node: Node, platform: Platform, authority: str) -> None:
        self._node, self.platform, self.authority = node, platform, authority

    def does(self, program: str, **values: object) -> list[str]:
        """The lines that a program prints."""
        address = self._node.discovery.addresses["edge", "edge"]
        names = ("mlflow", "minio-console", "minio")
        hosts = {f"{name}.ml.example.internal": address for name in names}
        assignments = "".join(f"{name} = {value!r}\n" for name, value in values.items())
        authority = f"open('/tmp/own.crt', 'w').write({self.authority!r})\n"
        text = BROWSER + authority + assignments + program
        pod = self._node.run("mlops", "browser", command=("python", "-c", text), instead=hosts)
        return self._node.completed(pod, 240).splitlines()


@pytest.fixture(scope="module")
def visitor(node: Node, tmp_path_factory: pytest.TempPathFactory) -> Visitor:
    """The platform runs, with Dex and the edge."""
    files = certificates(tmp_path_factory.mktemp("certificates"))
    platform = Platform(tmp_path_factory.mktemp("platform"))
    objects = platform.write(with_authority(SPEC, files["own.crt"])).compile()
    node.apply(manifest for manifest in objects if manifest["kind"] == "Secret")
    secret = node.secret_values("mlops", "login-client")["client-secret"]
    of_dex = {**files, "config.yaml": yaml.safe_dump(dex(secret))}
    command = ["dex", "serve", "/etc/dex/config.yaml"]
    program = (HERE / "edge.py").read_text()
    variables = {"ADDRESS": "0.0.0.0", "ROUTES": json.dumps(routes(objects))}
    image = "registry.example.internal/edge:1.0.0"
    outside_servers = [
        *server("sso", "dex", "ghcr.io/dexidp/dex:v2.29.0", 5556, command, of_dex),
        *server("edge", "edge", image, 443, ["python", "-c", program], files, **variables),
    ]
    node.apply([*outside_servers, *objects])
    node.wait(300)
    return Visitor(node, platform, files["own.crt"])


def test_an_anonymous_request_gets_the_login_and_nothing_else(visitor: Visitor, node: Node) -> None:
    paths = json.loads(
        node.execute("mlops", "mlflow", "python", "-c", EVERY_ROUTE).splitlines()[-1]
    )
    assert len(paths) > 100
    (line,) = visitor.does(ANONYMOUS, ROUTES=paths, METHODS=METHODS, ISSUER=ISSUER)
    answers = json.loads(line.replace("'", '"'))
    assert answers.keys() == {f"302 {LOGIN}", "401 "}, answers
    assert sum(answers.values()) == 2 * len(METHODS) * len(paths)


def test_a_member_of_the_group_gets_in(visitor: Visitor) -> None:
    page, search, artifacts, cookies = visitor.does(MEMBER)
    assert page == "200 https://mlflow.ml.example.internal/ True"
    assert search == "200 ['Default']"
    assert artifacts == "200"
    assert cookies == "{'__Host-mlflow-login': (True, 'mlflow.ml.example.internal')}"


def test_a_user_of_no_group_does_not(visitor: Visitor) -> None:
    first_answer, second_answer = visitor.does(STRANGER)
    assert first_answer == "403 https://mlflow.ml.example.internal/oauth2/callback False"
    assert second_answer == "302"


def test_a_page_may_have_groups_of_its_own(visitor: Visitor, node: Node) -> None:
    assert visitor.does(CONSOLE_PAGE) == ["200 True"]
    node.apply(visitor.platform.write(with_authority(GROWN, visitor.authority)).compile())
    node.wait(120)
    assert visitor.does(CONSOLE_PAGE) == ["403 False"]


def test_a_session_survives_a_restart_and_opens_no_other_host(visitor: Visitor, node: Node) -> None:
    (cookie,) = visitor.does(KEEP)
    node.restart("Deployment", "mlops", "mlflow-login")
    node.wait(60)
    assert visitor.does(RETURN, COOKIE=cookie) == ["200 ", f"302 {LOGIN}", f"302 {LOGIN}"]


def test_who_logs_out_is_out(visitor: Visitor) -> None:
    assert visitor.does(LOGOUT) == ["200", "302"]


def test_a_token_of_the_issuer_opens_the_page_for_a_program(visitor: Visitor, node: Node) -> None:
    secret = node.secret_values("mlops", "login-client")["client-secret"]
    accepted, forged = visitor.does(TOKEN, ISSUER=ISSUER, SECRET=secret)
    assert accepted == "200"
    assert forged in ("401", "403")


def test_every_binding_was_used(visitor: Visitor, node: Node) -> None:
    assert idle(GROWN, node) == []
