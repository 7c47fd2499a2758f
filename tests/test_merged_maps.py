"""An error that an environment causes by its merge into the base's map is at the override, with the key to write."""

from __future__ import annotations

import pytest
from support.diagnosing import HEADER, diagnosed

BASE = """\
spec:
  tls: {issuer: {name: company}}
  secrets: {provider: external-secrets, store: {name: vault, kind: ClusterSecretStore}}
  components:
    external-s3: {host: s3.example.com, ca: {configMap: company}}
    external-postgres: {host: db.example.com}
    mlflow: {env: {A: {secret: a, key: b}}}
"""
# The override: the line of the error's related position, and the help.
WRONG = {
    "tls: {secret: ml-tls}": (5, "write `issuer: null` next to it to remove what the base has"),
    "secrets: {provider: sops}": (6, "write `store: null` next to it to remove what the base has"),
    "components: {external-s3: {ca: {secret: a}}}": (
        8, "write `configMap: null` next to it to remove what the base has"),
    "components: {external-s3: {host: null}}": (8, "delete this line: the base's value stays then"),
    "components: {mlflow: {env: {A: {key: null}}}}": (
        10, "delete this line: the base's value stays then"),
}  # fmt: skip
RIGHT = (
    "tls: {issuer: null, secret: ml-tls}",
    "tls: {issuer: {name: other}}",
    "secrets: {provider: sops, store: null}",
    "components: {external-s3: {ca: {configMap: null, secret: a}}}",
    "components: {mlflow: {env: {A: text}}}",
)


def spec(override: str) -> bytes:
    return f"{HEADER}{BASE}  environments:\n    dev:\n      {override}\n".encode()


@pytest.mark.parametrize("override", sorted(WRONG))
def test_the_override_is_marked_and_the_help_removes_the_keys_of_the_base(override: str) -> None:
    line, help = WRONG[override]
    (diagnostic,) = (
        finding for finding in diagnosed(spec(override)) if finding.severity == "error"
    )
    assert diagnostic.span is not None
    assert diagnostic.span.line == len(spec(override).splitlines())
    assert [related.span.line for related in diagnostic.related] == [line]
    assert (diagnostic.help[0], diagnostic.environments) == (help, ("dev",))


@pytest.mark.parametrize("override", RIGHT)
def test_the_help_is_right(override: str) -> None:
    assert not [finding for finding in diagnosed(spec(override)) if finding.severity == "error"]


def test_a_base_that_is_wrong_alone_is_marked_itself() -> None:
    text = BASE.replace("{issuer: {name: company}}", "{issuer: {name: company}, secret: a}")
    diagnostics = diagnosed(f"{HEADER}{text}  environments: {{dev: {{}}}}\n".encode())
    (error,) = (finding for finding in diagnostics if finding.severity == "error")
    assert error.span is not None
    assert (error.span.line, error.related) == (5, ())
