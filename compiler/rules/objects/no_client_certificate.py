"""Programs that show no client certificate to a service outside that demands one.

A pod needs the files, their paths in its program's configuration, and an `fsGroup`, by which
processes that are not root may read the key. Pods that operators write lack one of these.
"""

from __future__ import annotations

from json import dumps

from compiler.derive.authorities import without_pods
from compiler.diagnostics import Report
from compiler.model.binding import Binding
from compiler.model.client_certificate import FOLDER
from compiler.model.package import Lowered, Platform


def check_objects(platform: Platform, lowered: Lowered, report: Report) -> None:
    lacking = {
        (binding.consumer.name, binding.provider.name): binding
        for binding in lowered.graph.bindings
        if binding.client_certificate is not None and not _can_present(lowered, binding)
    }
    for consumer, provider in lacking:
        path = (*lacking[consumer, provider].provider.path, "clientCertificate")
        report.add(
            "no-client-certificate",
            f"`{consumer}` cannot show `{provider}` a client certificate",
            platform.document.span_of(path),
            path=path,
            help=f"bind `{consumer}` to another provider; or let the server demand no certificate of it, "
            "and name the Secrets of the other clients under `consumers:`",
        )


def _can_present(lowered: Lowered, binding: Binding) -> bool:
    name, files = binding.consumer.name, binding.endpoint().client_certificate
    package = lowered.packages.get(name) or lowered.models.get(name)
    if package is None or files is None:
        return False
    objects = [dumps(resource.manifest) for resource in package.resources]
    users = [text for text in objects if binding.label in text]
    if not users:
        # A pooler shows its own, and pods outside the platform are the user's.
        return binding.via is not None or without_pods(package)
    configs = [text for config in package.configs for text in config.files.values()]
    readable = all(f'"{FOLDER}"' in text and '"fsGroup"' in text for text in users)
    return readable and any(files.key in text for text in (*users, *configs))
