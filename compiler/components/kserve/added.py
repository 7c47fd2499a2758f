"""Describe the containers that KServe adds to the pods of models."""

from __future__ import annotations

from os.path import dirname

from compiler import kube, model
from compiler.components.kserve.compute import CONFINED

VERSION = "0.20.0"
# The security context of the container that downloads models. The release gives it none, so
# `restricted` refuses its pods (kserve/kserve#5373); a prerequisite adds this one.
FETCHER = {**kube.UNPRIVILEGED, **CONFINED}


def storage_initializer(release: str) -> model.Injected:
    """The container that downloads a model, with the security context of the prerequisite."""
    return _row(release, "storage-initializer").secured(FETCHER)


def agent(release: str, server: model.Manifest) -> model.Injected:
    """The container that copies and collects requests, with the security context of the server."""
    return _row(release, "agent").secured(server["securityContext"])


def _row(release: str, name: str) -> model.Injected:
    table = model.injected(dirname(__file__), "KServe", release)
    (row,) = (row for row in table if row.container["name"] == name)
    return row
