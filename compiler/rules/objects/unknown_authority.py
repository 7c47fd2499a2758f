"""Some programs take no authority but the public ones that their image trusts.

Argo's controller and executor, KServe's and Seldon's fetching of models and CloudNativePG's archivist
run in pods that platformc does not write; Kubeflow's servers have no word for it. So a client must
have both: the file in its pods, and the file's name in what its program reads.
"""

from __future__ import annotations

from json import dumps

from compiler.derive.authorities import run_elsewhere, users
from compiler.diagnostics import Report
from compiler.model.binding import Binding
from compiler.model.package import Lowered, Package, Platform


def check_objects(platform: Platform, lowered: Lowered, report: Report) -> None:
    found = [one for one in lowered.graph.bindings if one.offer.ca and not _told(lowered, one)]
    for binding in {(one.consumer.name, one.provider.name): one for one in found}.values():
        consumer, provider = binding.consumer, binding.provider
        path = (*provider.path, "ca")
        report.add(
            "unknown-authority",
            f"`{consumer.name}` cannot be told which authority vouches for `{provider.name}`",
            platform.document.value_span(path),
            path=path,
            help=f"give {binding.host} a certificate that the image of `{consumer.name}` trusts, or "
            f"bind `{consumer.name}` to another provider",
        )


def _told(lowered: Lowered, binding: Binding) -> bool:
    package = lowered.packages.get(binding.consumer.name)
    if package is None:
        return False
    pods = users(package, binding.label)
    if not pods and (binding.via is not None or _without_pods(package)):
        return True  # through a pooler, which is told itself; or the pods are the user's own
    name = str(binding.endpoint().authority)
    texts = [text for config in package.configs for text in config.files.values()]
    return bool(pods) and (name in dumps(pods) or any(name in text for text in texts))


def _without_pods(package: Package) -> bool:
    return run_elsewhere(package) or not (package.resources or package.instance is None)
