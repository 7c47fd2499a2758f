"""Releases whose files name their namespace, so that they install into no other."""

from __future__ import annotations

from compiler.spec.constraints import InvalidValue


def by_distribution(name: str, namespace: str, released: str) -> tuple[str, ...]:
    """A comment of the shell in place of commands that install a release into another namespace."""
    return (
        f"# install {name} in {namespace} by its distribution: the files of the release install into "
        f"{released} alone",
    )


def check_vendored(name: str, namespace: str | None, released: str) -> None:
    """Raise InvalidValue if a vendored release would not be in the namespace that the spec names."""
    if namespace not in (None, released):
        message = f"the files of {name}'s release name their namespace, `{released}`"
        help = f"remove `namespace`, or write `install: existing` for a {name} that is in `{namespace}`"
        raise InvalidValue("invalid-value", message, help, at="namespace")
