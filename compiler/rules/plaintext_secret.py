"""A credential in the spec: it would be in git, in the output and in the cluster's own records.

The rule detects it by its form (an issuer's prefix, a password in a URL), by its key (the name
suggests a credential) or by its randomness (long, mixed letters and digits, over four bits per
character). The value is never printed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from compiler.diagnostics import Report
from compiler.diagnostics.masking import PASSWORD_IN_URL, TOKENS, WORD, random, sounds_secret
from compiler.model import Node, Path, Platform

_REFERENCE = re.compile(r"\$\([A-Za-z_]\w*\)")
# Certificates look random but are public.
_PUBLIC = re.compile(r"-----BEGIN CERTIFICATE-----[\w+/=\s]*-----END CERTIFICATE-----")
# An option or a part of a connection string: its name and its value.
_ASSIGNED = re.compile(r"([A-Za-z][\w-]*)\s*=\s*(?:'([^']*)'|\"([^\"]*)\"|([^\s;,&'\"]+))")
# Names of tokens of language models, which are pieces of text.
_OF_TEXT = re.compile(
    r"(?i)tokeni[sz]|tokens\b|(?:eos|bos|pad|unk|mask|cls|sep|stop|special|image|start|end)[-_]?token"
)
# Keys of the spec whose values may look random or secret: here only known forms of tokens count.
_TOKENS_ONLY = {"silence", "secrets", "registry", "image", "clientImage"}
_HARMLESS = re.compile(r"|true|false|none|null|\d{1,5}|/.*|https?://[^@]*")


def check_specs(platforms: Mapping[str, Platform], report: Report) -> None:
    clean: set[int] = set()  # nodes without findings: environments share them
    for name, platform in platforms.items():
        _check(platform, clean, report.within(name))


def _check(platform: Platform, clean: set[int], report: Report) -> None:
    for path, node, problem in findings(platform.document, (), clean):
        report.add(
            "plaintext-secret",
            problem,
            node.span if node.span.line == node.span.end_line else platform.document.span_of(path),
            path=path,
            help="put it into a Secret of the cluster and let the program read it from there; "
            "what `uses` gives needs none",
        )


def findings(
    node: Node, path: Path, clean: set[int], called: str = ""
) -> Iterator[tuple[Path, Node, str]]:
    """Every value in a node that looks like a credential, and the reason; `called` is the value's
    name.
    """
    if id(node) in clean:
        return
    dirty = False
    for finding in _inside(node, path, clean, called):
        dirty = True
        yield finding
    if not dirty and not isinstance(node.value, str):
        clean.add(id(node))


def _inside(
    node: Node, path: Path, clean: set[int], called: str
) -> Iterator[tuple[Path, Node, str]]:
    if isinstance(node.value, dict):
        for key, inner in node.value.items():
            if isinstance(
                inner.value, (str, dict, list)
            ):  # numbers and booleans are no credentials
                yield from findings(inner, (*path, key), clean, _called(node, key, path))
    elif isinstance(node.value, list):
        option = ""
        for index, inner in enumerate(node.value):
            yield from findings(inner, (*path, index), clean, option)
            text = inner.value if isinstance(inner.value, str) else ""
            option = text.lstrip("-") if text.startswith("-") and "=" not in text else ""
    elif isinstance(node.value, str):
        only_tokens = not _TOKENS_ONLY.isdisjoint(path)
        reason = issued(node.value) if only_tokens else suspicion(called, node.value)
        if reason:
            yield path, node, f"`{called or _key(path)}` {reason}"


def _called(holder: Node, key: str, path: Path) -> str:
    """The name of a value: its variable, the `name` next to it, or the last part of a patch's path."""
    if path[-1:] == ("env",):
        return key
    siblings = [holder.child(name) for name in ("name", "path")] if key == "value" else []
    names = [
        str(sibling.value)
        for sibling in siblings
        if sibling is not None and isinstance(sibling.value, str)
    ]
    return names[0].rpartition("/")[2] if names else ""


def issued(text: str) -> str | None:
    """The reason that a value is a credential by its form alone, or None."""
    if TOKENS.search(text):
        return "holds a token, by its prefix"
    if PASSWORD_IN_URL.search(_REFERENCE.sub("$", text)):
        return "holds a password inside a URL"
    return None


def suspicion(called: str, text: str) -> str | None:
    """The reason that a value looks like a credential, or None."""
    if reason := issued(text):
        return reason
    if _credential(called) and not _pointer(called, text):
        return "sounds like a credential and has a value of its own"
    text = _PUBLIC.sub("", text)
    for name, *values in _ASSIGNED.findall(text):
        if _credential(name) and not _pointer(name, "".join(values)):
            return f"gives `{name}` a value of its own"
    if any(random(word) for word in WORD.findall(text)):
        return "holds a text as random as a key"
    return None


def _credential(name: str) -> bool:
    """Whether a name suggests a credential and not a token of a language model."""
    return sounds_secret(name) and not _OF_TEXT.search(name)


def _pointer(variable: str, text: str) -> bool:
    """Whether a value only refers to a credential: a file, a reference, an address."""
    names = ("_FILE", "_PATH", "_NAME", "_URL", "_URI", "_DIR", "_TTL", "_EXPIRY")
    plain = _REFERENCE.sub("", text)
    return (
        variable.upper().replace("-", "_").endswith(names)
        or _HARMLESS.fullmatch(plain.lower()) is not None
    )


def _key(path: Path) -> str:
    return next(part for part in reversed(path) if isinstance(part, str))
