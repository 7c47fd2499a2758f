"""A URL of `localhost`: in a pod, it means the pod itself, where no other program listens."""

from __future__ import annotations

import re
from typing import Any

from compiler.check.texts import texts
from compiler.diagnostics import Report
from compiler.model import Instance, Platform
from compiler.spec.types import LOOPBACK_HOST

# Processes of one pod (PyTorch's and Dask's) meet at `tcp://localhost`; it is no address of a service.
_URL = re.compile(
    r"\b(?!tcp:|udp:|unix:)(?P<scheme>[a-z][a-z0-9+.-]{0,30})://(?:[^\s/@'\"]*@)?"
    rf"(?P<host>{LOOPBACK_HOST})(?P<port>:\d+)?(?![\w.-])",
    re.I,
)


def check_instance(instance: Instance[Any], platform: Platform, report: Report) -> None:
    for path, text in texts(instance):
        match = _URL.search(text)
        if match is None:
            continue
        full = (*instance.path, *path)
        report.add(
            "loopback-host",
            f"`{instance.name}` looks for `{match['scheme']}://{match['host']}{match['port'] or ''}`, "
            "which is its own pod",
            platform.document.value_span(full),
            path=full,
            help="add the instance that it means to `uses`, which gives the address as a variable",
        )
