"""A default bucket name that is too short, because it is the name of its instance.

Names of instances may have one character; S3 requires three.
"""

from __future__ import annotations

from compiler.diagnostics import Report
from compiler.interfaces import s3
from compiler.model import Graph, Platform

SHORTEST = 3


def check(platform: Platform, graph: Graph, report: Report) -> None:
    for binding in graph.bindings:
        consumer = binding.consumer
        claim = binding.claim
        if not isinstance(claim, s3.Claim) or binding.via is not None:
            continue
        if len(consumer.name) < SHORTEST and consumer.name in claim.buckets:
            path = consumer.source
            report.add(
                "invalid-bucket",
                f"`{consumer.name}` would have a bucket of the same name, which is too short",
                platform.document.span_of(path),
                path=path,
                help=f"give `{consumer.name}` a name of at least {SHORTEST} characters",
            )
