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
    refusal: Mapping[
        str, str
    ]  # annotations with which it refuses every request; none if it has none


READ_TIMEOUT = "nginx.ingress.kubernetes.io/proxy-read-timeout"
_NGINX = {
    # Artefacts and models are larger than a form, and an upload may take long.
    "nginx.ingress.kubernetes.io/proxy-body-size": "0",
    READ_TIMEOUT: "600",
    "nginx.ingress.kubernetes.io/proxy-request-buffering": "off",
}
NO_ADDRESS = "255.255.255.255/32"  # no request comes from the address of all hosts (RFC 919)
MIDDLEWARES = "traefik.ingress.kubernetes.io/router.middlewares"
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
        refusal={MIDDLEWARES: ""},  # a middleware for each host
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
