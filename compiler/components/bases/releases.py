"""Releases whose files name their namespace, so that they install into no other."""

from __future__ import annotations

from compiler.spec.constraints import InvalidValue


def system(name: str, namespace: str, released: str) -> str:
    """The name of a system, with a note where its release does not install into a namespace."""
    if namespace == released:
        return name
    return (
        f"{name} (its files install into `{released}` alone: install it in `{namespace}` by its "
        "distribution)"
    )


def check_vendored(name: str, namespace: str | None, released: str) -> None:
    """Raise InvalidValue if a vendored release would not be in the namespace that the spec names."""
    if namespace not in (None, released):
        message = f"the files of {name}'s release name their namespace, `{released}`"
        help = f"remove `namespace`, or write `install: existing` for a {name} that is in `{namespace}`"
        raise InvalidValue("invalid-value", message, help, at="namespace")
