"""Check that each Secret exists; only names and annotations are read, never values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from compiler.delivery.answers import Ask
from compiler.delivery.doctor.finding import Finding
from compiler.model.credential import Credential
from compiler.model.package import Lowered


def secrets(lowered: Lowered, ask: Ask) -> Iterator[Finding]:
    names: dict[str, set[str]] = {}
    existing = (credential for credential in lowered.granted if credential.created_by == "you")
    for credential in (*lowered.credentials, *existing):
        for space in credential.namespaces:
            if space not in names:
                _, text, _ = ask(["get", "secrets", "-n", space, "-o", "name"], "")
                names[space] = {line.rpartition("/")[2] for line in text.split()}
            exists = credential.name in names[space]
            name = f"Secret `{space}/{credential.name}`"
            by_hand = credential.created_by or credential.to_annotate
            kind = f" ({credential.note})" if by_hand and credential.note else ""
            yield Finding(exists, name if exists else f"no {name}{kind}; see `platformc secrets`")
            annotations = credential.to_annotate.get(space, {})
            if exists and annotations:
                yield _annotations(name, credential, space, annotations, ask)


def _annotations(
    name: str, credential: Credential, space: str, annotations: Mapping[str, str], ask: Ask
) -> Finding:
    """Compare the annotations that a reader needs; the answer holds no other part of the Secret."""
    paths = (key.replace(".", "\\.") for key in annotations)
    template = '{"\\n"}'.join(f"{{.metadata.annotations['{path}']}}" for path in paths)
    _, text, _ = ask(
        ["get", "secret", credential.name, "-n", space, "-o", f"jsonpath={template}"], ""
    )
    actual = dict(zip(annotations, text.split("\n"), strict=False))
    lacking = sorted(
        f"{key}={value}" for key, value in annotations.items() if actual.get(key) != value
    )
    if not lacking:
        return Finding(True, f"{name} has the annotations of its readers")
    return Finding(False, f"{name} lacks {' '.join(lacking)} ({credential.annotations_reason})")
