"""State facts about controllers of Ingresses: their pods, and annotations for features that the API lacks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

Controller = Literal["traefik", "nginx", "other"]


class Facts(Struct, frozen=True):
    """A controller, as its own chart installs it."""

    system: str
    version: str
    labels: Mapping[str, str]
    plain: Mapping[str, str]  # annotations of a host by plain HTTP
    secure: Mapping[str, str]  # annotations of a host with a certificate
    redirects: bool  # whether the second set also sends plain HTTP on to HTTPS
    # Annotations with which it refuses every request, before other rules of a host; none if it has none.
    refusal: Mapping[str, str]


READ_TIMEOUT = "nginx.ingress.kubernetes.io/proxy-read-timeout"
_NGINX = {
    # Artefacts and models are larger than a form, and an upload may take long.
    "nginx.ingress.kubernetes.io/proxy-body-size": "0",
    READ_TIMEOUT: "600",
    "nginx.ingress.kubernetes.io/proxy-request-buffering": "off",
}
NO_ADDRESS = "255.255.255.255/32"  # no request comes from the address of all hosts (RFC 919)
MIDDLEWARES = "traefik.ingress.kubernetes.io/router.middlewares"
PRIORITY = "traefik.ingress.kubernetes.io/router.priority"
ENTRY_POINTS = "traefik.ingress.kubernetes.io/router.entrypoints"
TLS = "traefik.ingress.kubernetes.io/router.tls"  # `tls` of an Ingress names the Secret alone
CONTROLLERS: Mapping[Controller, Facts] = {
    # Traefik 3.6; the entry points have the names of its chart.
    "traefik": Facts(
        "Traefik with its own CRDs (`traefik.io`)",
        "3.6",
        {"app.kubernetes.io/name": "traefik"},
        {ENTRY_POINTS: "web"},
        {ENTRY_POINTS: "websecure", TLS: "true"},
        redirects=False,
        # A middleware for each host. Without a priority the longer rule goes first, which `/_pprof` is not.
        refusal={MIDDLEWARES: "", PRIORITY: "1000"},
    ),
    # ingress-nginx 1.14
    "nginx": Facts(
        "ingress-nginx",
        "1.14",
        {"app.kubernetes.io/name": "ingress-nginx"},
        _NGINX,
        {**_NGINX, "nginx.ingress.kubernetes.io/force-ssl-redirect": "true"},
        redirects=True,
        refusal={"nginx.ingress.kubernetes.io/whitelist-source-range": NO_ADDRESS},
    ),
    "other": Facts("A controller of Ingresses", "", {}, {}, {}, redirects=True, refusal={}),
}
