"""A platform behind a real gateway: `python -m live.behind_traefik ingress` (or `gateway-api`, `istio-gateway`).

It runs in network and mount namespaces that it has to itself, since a gateway sends requests to the
addresses of pods: real Traefik, or Envoy by real istiod, reads the compiled objects from a real API server, and
stands before real oauth2-proxy, Dex, MLflow and Argo's server. A server that says its name stands in for MinIO,
lakeFS and the models. It prints its observations as JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from live import argo_server, around_gateway, istio_edge
from live.browsing import (
    ANONYMOUS,
    ARGO,
    BROWSER,
    CHROMIUM,
    EVERY_ROUTE,
    KEEP,
    LOGOUT,
    MEMBER,
    MODEL,
    OUTSIDE,
    RETURN,
    ROUTED,
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
    "istio-gateway": "{type: istio-gateway}",
    "gateway-api-istio": "{type: gateway-api, class: istio, namespace: istio-ingress, httpPort: 8080, "
    "httpsPort: 8443}",
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
    lakefs: {}
    dvc: {remotes: {datasets: {bucket: dvc-datasets}}}
    kserve: {mode: standard}
    argo-workflows: {archive: false, sso: {authors: read, operators: admin}}
    edge: EDGE
  models:
    churn: {format: sklearn, uri: "s3://models/churn", access: token, callers: [billing/invoices]}
    iris: {format: sklearn, uri: "s3://models/iris", access: public}
    wine: {format: sklearn, uri: "s3://models/wine", access: login, groups: [authors]}
"""
SPACES = {
    "minio": "storage",
    "minio-console": "storage",
    "dex": "sso",
    "argo-server": "argo",
}  # all others: `mlops`
SERVERS = ("edge", "dex", "mlflow", "mlflow-login", "minio-console-login", "churn-token", "minio",
           "minio-console", "churn-predictor", "iris-predictor", "wine-predictor",
           "argo-workflows-login", "argo-server", "wine-login", "lakefs")  # fmt: skip
PROXIES = tuple(name for name in SERVERS if name.endswith(("-login", "-token")))
ADDRESSES = {name: f"10.244.9.{number}" for number, name in enumerate(SERVERS, 1)}
MODELS = ("churn", "iris", "wine")
STAND_INS = {
    "minio": 9000,
    "minio-console": 9001,
    "lakefs": 8000,
    **{f"{model}-predictor": 80 for model in MODELS},
}
ROUTES = ("Ingress", "HTTPRoute", "Gateway", "Middleware", "Service", "VirtualService")
HOSTS = ("mlflow", "minio", "minio-console", "argo-workflows", "lakefs", *MODELS)


class Edge:
    """The cluster with Traefik, and the servers behind it."""

    def __init__(self, kind: str, directory: Path) -> None:
        self.kind, self.place = kind, directory
        self.certificates = certificates(_folder(directory / "certificates"))
        self.plane = ControlPlane(_folder(directory / "cluster"))
        for command in ("namespace billing", "-n billing serviceaccount invoices",
                        "-n billing serviceaccount reports"):  # fmt: skip
            *space, resource_kind, name = command.split()
            self.plane.kubectl(*space, "create", resource_kind, name)
        spec = SPEC.replace("KEYS", json.dumps(public_key(self.plane)))
        spec = with_authority(spec.replace("EDGE", EDGES[kind]), self.certificates["own.crt"])
        self.objects = Platform(directory / "platform").write(spec).compile()
        self.secrets = {
            manifest["metadata"]["name"]: _values(manifest)
            for manifest in self.objects
            if manifest["kind"] == "Secret"
        }

    def start(self) -> None:
        self._names()
        self._apply()
        self._start_servers()
        if self.kind in istio_edge.EDGES:
            istio_edge.start(self.plane, istio_edge.EDGES[self.kind], ADDRESSES["edge"])
        else:
            self._start_traefik()
        ports = {"edge": 443, "mlflow": 5000, "argo-server": 2746, **dict.fromkeys(PROXIES, 4180)}
        self.plane.until(lambda: all(map(_answers, ports, ports.values())), "servers", 240)
        self.plane.until(self._routed, "routes in the edge", 180)

    def _names(self) -> None:
        """The knowledge of a cluster's DNS and network."""
        names = [f"{address} {name}.{SPACES.get(name, 'mlops')}.svc.cluster.local"
                 for name, address in ADDRESSES.items()]  # fmt: skip
        outside = " ".join(f"{host}.ml.example.internal" for host in HOSTS)
        hosts = self.place / "hosts"
        hosts.write_text(
            "\n".join(
                (
                    "127.0.0.1 localhost istiod.istio-system.svc",
                    *names,
                    f"{ADDRESSES['edge']} {outside}\n",
                )
            )
        )
        _run("mount", "--bind", hosts, "/etc/hosts")

    def _apply(self) -> None:
        """The routes as compiled, the Services that they lead to, and their pods' addresses."""
        definitions = (HOME / "traefik-crds.yaml").read_text()
        self.plane.define(manifest for manifest in yaml.safe_load_all(definitions) if manifest)
        routes = [manifest for manifest in self.objects if manifest["kind"] in ROUTES]
        self.plane.install(manifest for manifest in routes if "istio" in manifest["apiVersion"])
        routes += [
            around_gateway.service(name) for name in ADDRESSES if name.endswith("-predictor")
        ]
        spaces = {manifest["metadata"]["namespace"] for manifest in routes}
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
        argo_server.start(self.plane, self.place / "platform", self.objects)
        for name in PROXIES:
            self._start_proxy(name)

    def _container(self, name: str) -> Manifest:
        (container,) = [
            manifest["spec"]["template"]["spec"]["containers"][0]
            for manifest in self.objects
            if manifest["kind"] == "Deployment" and manifest["metadata"]["name"] == name
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
        replaced = {
            "http-address": f"{ADDRESSES[name]}:4180",
            "provider-ca-file": f"{self.place}/certificates/own.crt",
            "oidc-public-key-file": f"{self.place}/{name}.pem",
        }
        (self.place / f"{name}.pem").write_text(public_key(self.plane))
        flags = []
        for argument in self._container(name)["args"]:
            flag = argument.removeprefix("--").partition("=")[0]
            flags.append(f"--{flag}={replaced[flag]}" if flag in replaced else argument)
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
        """Whether the gateway has taken over the routes and the certificate."""
        return self.ask(ROUTED, HOSTS=HOSTS) == ["True"]

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
        "argo": edge.ask(ARGO),
        "model": edge.ask(MODEL),
    }


def _values(secret: Manifest) -> dict[str, str]:
    encoded = {key: b64decode(value).decode() for key, value in secret.get("data", {}).items()}
    return {**encoded, **secret.get("stringData", {})}


def _answers(name: str, port: int) -> bool:
    return istio_edge.listens(ADDRESSES[name], port)


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
