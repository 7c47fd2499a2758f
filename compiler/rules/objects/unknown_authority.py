"""Programs that trust only the public authorities of their image.

Argo's controller and executor, the model downloads of KServe and Seldon, and CloudNativePG's
backups run in pods that platformc does not write; Kubeflow's servers have no setting for an
authority. A client needs both: the file in its pods, and the file's path in the configuration of
its program.
"""

from __future__ import annotations

from json import dumps

from compiler.derive.authorities import run_elsewhere, users
from compiler.diagnostics import Report
from compiler.model.binding import Binding
from compiler.model.package import Lowered, Package, Platform


def check_objects(platform: Platform, lowered: Lowered, report: Report) -> None:
    untrusting = [
        binding
        for binding in lowered.graph.bindings
        if binding.offer.ca and not _configured(lowered, binding)
    ]
    for binding in {
        (binding.consumer.name, binding.provider.name): binding for binding in untrusting
    }.values():
        consumer, provider = binding.consumer, binding.provider
        path = (*provider.path, "ca")
        report.add(
            "unknown-authority",
            f"`{consumer.name}` cannot be configured to trust the authority of `{provider.name}`",
            platform.document.value_span(path),
            path=path,
            help=f"give {binding.host} a certificate that the image of `{consumer.name}` trusts, or "
            f"bind `{consumer.name}` to another provider",
        )


def _configured(lowered: Lowered, binding: Binding) -> bool:
    package = lowered.packages.get(binding.consumer.name)
    if package is None:
        return False
    pods = users(package, binding.label)
    if not pods and (binding.via is not None or _without_pods(package)):
        return True  # its pooler is configured instead, or its pods run outside the platform
    name = str(binding.endpoint().authority)
    texts = [text for config in package.configs for text in config.files.values()]
    return bool(pods) and (name in dumps(pods) or any(name in text for text in texts))


def _without_pods(package: Package) -> bool:
    return run_elsewhere(package) or not (package.resources or package.instance is None)
