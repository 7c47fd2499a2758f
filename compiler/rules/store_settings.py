"""Settings of an object store that make every signature or every upload fail.

AWS signs for the region in its host name (AWS General Reference, S3 endpoints); clients since
botocore 1.36 add checksum headers that other stores may refuse (boto3#4392); and TLS has a separate
port.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from compiler.diagnostics import Report
from compiler.interfaces import s3
from compiler.model import Graph, Platform

_AWS_DOMAINS = (".amazonaws.com", ".amazonaws.com.cn")  # the second are the regions in China
_AWS = re.compile(r"(?:.+\.)?s3[.-]([a-z]{2}(?:-[a-z]+)+-\d)\.amazonaws\.com(?:\.cn)?")


def check(platform: Platform, graph: Graph, report: Report) -> None:
    for name, slots in graph.offers.items():
        instance = graph.instances[name]
        for offer in slots.values():
            if not isinstance(offer, s3.Offer):
                continue
            for key, problem, help in _problems(offer):
                path = (*instance.path, key)
                span = platform.document.value_span(path)
                report.add("store-settings", f"`{name}`: {problem}", span, path=path, help=help)


def _problems(offer: s3.Offer) -> Iterator[tuple[str, str, str]]:
    """The key, the problem and the help for each wrong setting."""
    region = _AWS.fullmatch(offer.host or "")
    if region and region[1] != offer.region:
        yield (
            "region",
            f"the host is in `{region[1]}` and requests are signed for `{offer.region}`",
            f"write `region: {region[1]}`",
        )
    if offer.checksums == "when_supported" and not (offer.host or "").endswith(_AWS_DOMAINS):
        yield (
            "checksums",
            "clients would send checksum headers that stores other than AWS may refuse",
            "delete `checksums`, or silence this where the store is known to take them",
        )
    if (offer.port, offer.scheme) in ((443, "http"), (80, "https")):
        yield (
            "port",
            f"port {offer.port} does not speak {offer.scheme}",
            f"turn TLS {'on' if offer.port == 443 else 'off'} by `tls`, or delete `port`",
        )
