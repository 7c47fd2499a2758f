"""Kinds of bindings that the live tests exercise, and those that they cannot, each with the reason.

A kind is a consumer's type, its slot and the protocol that it speaks there. That a binding of a live
test's platform was used is that test's own last question (`bindings.idle`).
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import NamedTuple

from compiler.model.binding import Binding
from live.bindings import graph


class Kind(NamedTuple):
    consumer: str
    slot: str  # `uses` for the instances that a workload uses
    protocol: str

    def matches(self, pattern: Kind) -> bool:
        return all(
            fnmatchcase(part, expected) for part, expected in zip(self, pattern, strict=True)
        )


OPERATOR = "the pods are an operator's, which makes them through an API server on nodes with images"
# Where no exercise is possible without a container engine, and why.
ELSEWHERE = {
    Kind("*", "gateway", "gateway"): "routes are read by Istio, whose gateway is Envoy in an image",
    Kind(
        "*", "mesh", "mesh"
    ): "the mesh's own controllers read it; they run in cluster/test_mesh.py",
    Kind("argo-workflows", "*", "*"): f"Argo's controller and UI: {OPERATOR}",
    Kind("mysql", "backups", "s3"): "live/test_mysql_backup.py copies, wipes and restores",
    Kind("cloudnative-pg", "backups", "s3"): "cluster/test_postgres_backups.py copies and restores",
    Kind(
        "cloudnative-pg", "drill", "s3"
    ): "live/test_archive_drill.py restores by the compiled pod",
    Kind("kserve", "serverless", "serverless"): f"KServe and Knative: {OPERATOR}",
    Kind(
        "kubeflow-pipelines", "*", "*"
    ): "live/test_pipelines.py runs three servers, cluster/test_pipelines.py the steps and ML Metadata",
    Kind(
        "login", "page", "inference"
    ): f"live/test_login.py asks logins of pages; KServe: {OPERATOR}",
    Kind("token-check", "*", "*"): "live/test_model_access.py asks it by the API server's tokens",
    Kind("move", "*", "*"): "live/test_move.py replaces back ends under a writer, there and back",
    Kind("model", "*", "*"): f"KServe and Seldon: {OPERATOR}",
    Kind("model-store", "*", "*"): f"KServe and Seldon: {OPERATOR}",
    Kind(
        "workload", "uses", "external_service"
    ): "the service is the user's, and speaks any protocol",
    Kind("workload", "uses", "inference"): f"a model's server: {OPERATOR}",
    Kind(
        "workload", "uses", "pipelines"
    ): "live/test_pipelines.py: a workload uploads a pipeline and starts a run",
    Kind("workload", "workflows", "workflows"): f"Argo's workflows: {OPERATOR}",
}


def kind(binding: Binding) -> Kind:
    consumer = binding.consumer
    used = consumer.section == "workloads" and binding.requires.slot != "workflows"
    module = binding.provides.endpoint.__module__
    inherited = not module.startswith("compiler.interfaces.")
    protocol = binding.provides.endpoint.interface if inherited else module.rpartition(".")[2]
    slot = "uses" if used else binding.requires.slot
    return Kind(consumer.type, slot, protocol)


@cache
def exercised() -> frozenset[Kind]:
    """The kinds in the platforms of the live tests that ask whether their bindings were used."""
    return frozenset(
        kind(binding)
        for spec in _specs()
        for binding in graph(spec).bindings
        if binding.requires.slot != "gateway"  # a stand-in follows the routes
        and not binding.consumer.type.startswith("model")  # their pods are an operator's
    )


def _specs() -> Iterator[str]:
    for iter_module in iter_modules([str(Path(__file__).parent)]):
        if iter_module.name.startswith("test_"):
            module = import_module(f"live.{iter_module.name}")
            if hasattr(module, "test_every_binding_was_used"):
                yield from (getattr(module, name) for name in ("SPEC", "GROWN")
                            if hasattr(module, name))  # fmt: skip
