"""A platform behind real Traefik: `python -m live.behind_traefik ingress` (or `gateway-api`).

It runs in network and mount namespaces that it has to itself, since Traefik sends requests to the
addresses of pods: real Traefik reads the compiled objects from a real API server, and stands before
real oauth2-proxy, Dex and MLflow. A server that says its name stands in for MinIO and the models. It
prints its observations as JSON.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from live import around_gateway
from live.browsing import (
    ANONYMOUS,
    BROWSER,
    CHROMIUM,
    EVERY_ROUTE,
    KEEP,
    LOGOUT,
    MEMBER,
    OUTSIDE,
    RETURN,
    STRANGER,
    TOKENS,
)
from live.control_plane import ControlPlane
from live.platforms import Manifest, Platform
from live.pods.images import HOME
from live.test_login import ISSUER, METHODS, certificates, dex, with_authority
from live.test_model_access import public_key, token

EDGES = {
    "ingress": "{type: ingress}",
    # The ports of its entry points here; those of its chart are the default.
    "gateway-api": "{type: gateway-api, httpPort: 80, httpsPort: 443}",
}
SPEC = """
  tls: {secret: edge-tls}
  machines: {issuer: "https://kubernetes.default.svc.cluster.local", keys: KEYS}
  login:
    issuer: https://dex.sso.svc.cluster.local:5556/dex
    client: {id: ml-platform}
    groups: [authors]
  components:
    minio: {namespace: storage}
    postgres: {}
    mlflow: {smoke: false}
    dvc: {remotes: {datasets: {bucket: dvc-datasets}}}
    kserve: {mode: standard}
    edge: EDGE
  models:
    churn: {format: sklearn, uri: "s3://models/churn", access: token, callers: [billing/invoices]}
    iris: {format: sklearn, uri: "s3://models/iris", access: public}
"""
SPACES = {"minio": "storage", "minio-console": "storage", "dex": "sso"}  # all others: `mlops`
SERVERS = ("edge", "dex", "mlflow", "mlflow-login", "minio-console-login", "churn-token", "minio",
           "minio-console", "churn-predictor", "iris-predictor")  # fmt: skip
ADDRESSES = {name: f"10.244.9.{number}" for number, name in enumerate(SERVERS, 1)}
STAND_INS = {"minio": 9000, "minio-console": 9001, "churn-predictor": 80, "iris-predictor": 80}
ROUTES = ("Ingress", "HTTPRoute", "Gateway", "Middleware", "Service")
HOSTS = ("mlflow", "minio", "minio-console", "churn", "iris")


class Edge:
    """The cluster with Traefik, and the servers behind it."""

    def __init__(self, kind: str, place: Path) -> None:
        self.kind, self.place = kind, place
        self.certificates = certificates(_folder(place / "certificates"))
        self.plane = ControlPlane(_folder(place / "cluster"))
        for command in ("namespace billing", "-n billing serviceaccount invoices",
                        "-n billing serviceaccount reports"):  # fmt: skip
            *space, what, name = command.split()
            self.plane.kubectl(*space, "create", what, name)
        spec = SPEC.replace("KEYS", json.dumps(public_key(self.plane)))
        spec = with_authority(spec.replace("EDGE", EDGES[kind]), self.certificates["own.crt"])
        self.objects = Platform(place / "platform").write(spec).compile()
        self.secrets = {
            one["metadata"]["name"]: _values(one) for one in self.objects if one["kind"] == "Secret"
        }

    def start(self) -> None:
        self._names()
        self._apply()
        self._start_servers()
        self._start_traefik()
        ports = {"edge": 443, "mlflow": 5000, "mlflow-login": 4180, "churn-token": 4180,
                 "minio-console-login": 4180}  # fmt: skip
        self.plane.until(lambda: all(map(_answers, ports, ports.values())), "servers", 240)
        self.plane.until(self._routed, "routes in Traefik", 60)

    def _names(self) -> None:
        """What DNS and the network of a cluster know."""
        names = [f"{address} {name}.{SPACES.get(name, 'mlops')}.svc.cluster.local"
                 for name, address in ADDRESSES.items()]  # fmt: skip
        outside = " ".join(f"{host}.ml.example.internal" for host in HOSTS)
        hosts = self.place / "hosts"
        hosts.write_text(
            "\n".join(("127.0.0.1 localhost", *names, f"{ADDRESSES['edge']} {outside}\n"))
        )
        _run("mount", "--bind", hosts, "/etc/hosts")

    def _apply(self) -> None:
        """The routes as compiled, the Services that they lead to, and their pods' addresses."""
        definitions = (HOME / "traefik-crds.yaml").read_text()
        self.plane.define(one for one in yaml.safe_load_all(definitions) if one)
        routes = [one for one in self.objects if one["kind"] in ROUTES]
        routes += [
            around_gateway.service(name) for name in ADDRESSES if name.endswith("-predictor")
        ]
        spaces = {one["metadata"]["namespace"] for one in routes}
        self.plane.apply(
            around_gateway.namespace(name) for name in sorted(spaces - {"kube-system"})
        )
        key, certificate = self.certificates["server.key"], self.certificates["server.crt"]
        tls = [around_gateway.certificate(space, certificate, key) for space in sorted(spaces)]
        self.plane.apply(
            [*around_gateway.CLASSES, *tls, *around_gateway.with_endpoints(routes, ADDRESSES)]
        )

    def _start_servers(self) -> None:
        for name, port in STAND_INS.items():
            around_gateway.Named(name, ADDRESSES[name], port)
        text = yaml.safe_dump(dex(self.secrets["login-client"]["client-secret"]))
        config = self.place / "dex.yaml"
        text = text.replace("/etc/dex/", f"{self.place}/certificates/")
        config.write_text(text.replace("0.0.0.0", ADDRESSES["dex"]))
        self.plane.start("dex", HOME / "bin/dex", "serve", config)
        self.plane.start(
            "mlflow", "env", *self._environment("mlflow", "MLFLOW_SERVER_ALLOWED_HOSTS"),
            HOME / "venvs/mlflow/bin/mlflow", "server", "--host", ADDRESSES["mlflow"], "--workers", "1",
            "--backend-store-uri", f"sqlite:///{self.place}/mlflow.db",
        )  # fmt: skip
        self.plane.until(lambda: _answers("dex", 5556), "Dex", 60)
        for name in ("mlflow-login", "minio-console-login", "churn-token"):
            self._start_proxy(name)

    def _container(self, name: str) -> Manifest:
        (container,) = [
            one["spec"]["template"]["spec"]["containers"][0]
            for one in self.objects
            if one["kind"] == "Deployment" and one["metadata"]["name"] == name
        ]
        actual: Manifest = container
        return actual

    def _environment(self, name: str, *expected: str) -> Iterator[str]:
        """The variables of a compiled container, with the values of its Secrets."""
        for variable in self._container(name)["env"]:
            if variable["name"] in expected and "value" in variable:
                yield f"{variable['name']}={variable['value']}"
            elif variable["name"] in expected:
                reference = variable["valueFrom"]["secretKeyRef"]
                yield f"{variable['name']}={self.secrets[reference['name']][reference['key']]}"

    def _start_proxy(self, name: str) -> None:
        """oauth2-proxy as compiled, at the pod's address and with files where they lie here."""
        here = {
            "http-address": f"{ADDRESSES[name]}:4180",
            "provider-ca-file": f"{self.place}/certificates/own.crt",
            "oidc-public-key-file": f"{self.place}/{name}.pem",
        }
        (self.place / f"{name}.pem").write_text(public_key(self.plane))
        flags = []
        for argument in self._container(name)["args"]:
            flag = argument.removeprefix("--").partition("=")[0]
            flags.append(f"--{flag}={here[flag]}" if flag in here else argument)
        secrets = self._environment(
            name, "OAUTH2_PROXY_CLIENT_SECRET", "OAUTH2_PROXY_COOKIE_SECRET"
        )
        self.plane.start(name, "env", *secrets, HOME / "bin/oauth2-proxy", *flags)

    def _start_traefik(self) -> None:
        flags = ["--log.level=WARN", "--global.checknewversion=false"]
        for entry, port in (("web", 80), ("websecure", 443)):
            flags.append(f"--entrypoints.{entry}.address={ADDRESSES['edge']}:{port}")
        for provider in ("kubernetesingress", "kubernetescrd", "kubernetesgateway"):
            flag = f"--providers.{provider}"
            flags += [f"{flag}=true", f"{flag}.endpoint=https://{self.plane.address}:443",
                      f"{flag}.token={self.plane.token}",
                      f"{flag}.certauthfilepath={self.plane.certificate}"]  # fmt: skip
        self.plane.start("traefik", HOME / "bin/traefik", *flags)

    def _routed(self) -> bool:
        """Whether Traefik has taken over the routes: a host without one is answered by 404."""
        (answer,) = self.ask("print(all(browser().get(f'https://{host}.ml.example.internal/', "
                             "allow_redirects=False).status_code != 404 for host in HOSTS))",
                             HOSTS=HOSTS)  # fmt: skip
        return answer == "True"

    def ask(self, program: str, libraries: str = "mlflow", **values: object) -> list[str]:
        """The lines that a program prints, with the libraries of an environment."""
        assignments = "".join(f"{name} = {value!r}\n" for name, value in values.items())
        text = (BROWSER if libraries == "mlflow" else "") + assignments + program
        text = text.replace(
            "/tmp/own.crt", f"{self.place}/certificates/own.crt"
        )  # a pod's own folder
        python = HOME / f"venvs/{libraries}/bin/python"
        result = subprocess.run(
            [python, "-c", text], capture_output=True, text=True,
            timeout=240, env={"PATH": os.environ["PATH"], "HOME": str(self.place)},
        )  # fmt: skip
        assert result.returncode == 0, f"{result.stderr[-3000:]}\n{self.plane.logs()}"
        return result.stdout.splitlines()


def observe(edge: Edge) -> dict[str, Any]:
    paths = json.loads(edge.ask(EVERY_ROUTE)[-1])
    (answers,) = edge.ask(ANONYMOUS, ROUTES=paths, METHODS=METHODS, ISSUER=ISSUER)
    (cookie,) = edge.ask(KEEP)
    host = "churn.ml.example.internal"
    tokens = [
        "",
        token(edge.plane, "invoices", host),
        token(edge.plane, "invoices", "iris.ml.example.internal"),
        token(edge.plane, "reports", host),
    ]
    return {
        "routes": len(paths),
        "anonymous": json.loads(answers.replace("'", '"')),
        "member": edge.ask(MEMBER),
        "stranger": edge.ask(STRANGER),
        "cookie": edge.ask(RETURN, COOKIE=cookie),
        "logout": edge.ask(LOGOUT),
        "chromium": edge.ask(CHROMIUM, "browser", PAGE="https://mlflow.ml.example.internal"),
        "tokens": edge.ask(TOKENS, TOKENS=tokens),
        "outside": edge.ask(OUTSIDE),
    }


def _values(secret: Manifest) -> dict[str, str]:
    encoded = {key: b64decode(value).decode() for key, value in secret.get("data", {}).items()}
    return {**encoded, **secret.get("stringData", {})}


def _answers(name: str, port: int) -> bool:
    try:
        socket.create_connection((ADDRESSES[name], port), 1).close()
    except OSError:
        return False
    return True


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def _run(*words: str | Path) -> None:
    subprocess.run(words, check=True)


if __name__ == "__main__":
    _run("ip", "link", "set", "lo", "up")
    _run("ip", "route", "add", "local", "10.244.9.0/24", "dev", "lo")
    with tempfile.TemporaryDirectory() as folder:
        edge = Edge(sys.argv[1], Path(folder))
        try:
            edge.start()
            print(json.dumps(observe(edge)))
        finally:
            edge.plane.close()
