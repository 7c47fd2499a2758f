"""Programs that trust only the public authorities of their image.

A pod that platformc writes needs both: the file, and the file's path in the configuration of its
program. Where an operator writes the pod, the component hands the authority on, if the operator has
a setting for it; some read certificates from a ConfigMap alone, some from a Secret alone.
"""

from __future__ import annotations

from json import dumps

from compiler.derive.authorities import users, without_pods
from compiler.diagnostics import Report
from compiler.model.binding import AUTHORITIES, Binding
from compiler.model.package import Lowered, Platform

# Go programs read every certificate of this folder.
_FOLDER = dumps({"name": "SSL_CERT_DIR", "value": AUTHORITIES})


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
            help=_help(lowered, binding),
        )


def _help(lowered: Lowered, binding: Binding) -> str | tuple[str, str]:
    consumer = binding.consumer.name
    if binding.requires.slot in _handed(lowered, consumer):
        return "write the certificates themselves, as `ca: |`: clients read them in different ways"
    otherwise = (
        f"give {binding.host} a certificate that the image of `{consumer}` trusts, or "
        f"bind `{consumer}` to another provider"
    )
    return (binding.claim.untrusting, otherwise) if binding.claim.untrusting else otherwise


def _handed(lowered: Lowered, name: str) -> dict[str, bool]:
    """The slots whose authority a component hands on, and whether its programs can read its form."""
    package = lowered.packages.get(name) or lowered.models.get(name)
    return (
        {authority.slot: authority.accepted for authority in package.handed_authorities}
        if package
        else {}
    )


def _configured(lowered: Lowered, binding: Binding) -> bool:
    name = binding.consumer.name
    package = lowered.packages.get(name) or lowered.models.get(name)
    if package is None:
        return False
    handed = _handed(lowered, name)
    if binding.requires.slot in handed:
        return handed[binding.requires.slot]
    pods = users(package, binding.label)
    if not pods and (binding.via is not None or without_pods(package)):
        return True  # its pooler is configured instead, or its pods run outside the platform
    name = str(binding.endpoint().authority)
    texts = [text for config in package.configs for text in config.files.values()]
    in_pods = dumps(pods)
    return bool(pods) and (
        name in in_pods or _FOLDER in in_pods or any(name in text for text in texts)
    )
