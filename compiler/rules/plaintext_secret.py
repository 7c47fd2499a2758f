"""A credential in the spec: it would be in git, in the output and in the cluster's own records.

Found by its form (an issuer's prefix, a password in a URL), by its key (a variable that sounds like
a credential's) or by its randomness (long, letters and digits mixed, more than four bits for each
character). What is measured is never printed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from compiler.diagnostics import Report
from compiler.diagnostics.masking import PASSWORD_IN_URL, TOKENS, WORD, random, sounds_secret
from compiler.model import Node, Path, Platform

_REFERENCE = re.compile(r"\$\([A-Za-z_]\w*\)")
# What everybody may know, however random it looks.
_PUBLIC = re.compile(r"-----BEGIN CERTIFICATE-----[\w+/=\s]*-----END CERTIFICATE-----")
# An option or a part of a connection string: what it is called, and its value.
_ASSIGNED = re.compile(r"([A-Za-z][\w-]*)\s*=\s*(?:'([^']*)'|\"([^\"]*)\"|([^\s;,&'\"]+))")
# Names of what language models call tokens: pieces of text.
_OF_TEXT = re.compile(
    r"(?i)tokeni[sz]|tokens\b|(?:eos|bos|pad|unk|mask|cls|sep|stop|special|image|start|end)[-_]?token"
)
# Where the language itself expects what looks random, or names what sounds secret: only tokens there.
_ELSEWHERE = {"silence", "secrets", "registry", "image", "clientImage"}
_HARMLESS = re.compile(r"|true|false|none|null|\d{1,5}|/.*|https?://[^@]*")


def check_specs(platforms: Mapping[str, Platform], report: Report) -> None:
    clean: set[int] = set()  # the nodes that environments share need one look
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
    """Every value from a node on that looks like a credential, and why; `called` is its name."""
    if id(node) in clean:
        return
    found = False
    for one in _inside(node, path, clean, called):
        found = True
        yield one
    if not found and not isinstance(node.value, str):
        clean.add(id(node))


def _inside(
    node: Node, path: Path, clean: set[int], called: str
) -> Iterator[tuple[Path, Node, str]]:
    if isinstance(node.value, dict):
        for key, inner in node.value.items():
            if isinstance(inner.value, (str, dict, list)):  # no number or switch is a credential
                yield from findings(inner, (*path, key), clean, _called(node, key, path))
    elif isinstance(node.value, list):
        option = ""
        for index, inner in enumerate(node.value):
            yield from findings(inner, (*path, index), clean, option)
            text = inner.value if isinstance(inner.value, str) else ""
            option = text.lstrip("-") if text.startswith("-") and "=" not in text else ""
    elif isinstance(node.value, str):
        only_tokens = not _ELSEWHERE.isdisjoint(path)
        reason = issued(node.value) if only_tokens else suspicion(called, node.value)
        if reason:
            yield path, node, f"`{called or _key(path)}` {reason}"


def _called(holder: Node, key: str, path: Path) -> str:
    """What a value is the value of: a variable, the name beside it, the end of a patch's path."""
    if path[-1:] == ("env",):
        return key
    beside = [holder.child(name) for name in ("name", "path")] if key == "value" else []
    names = [str(one.value) for one in beside if one is not None and isinstance(one.value, str)]
    return names[0].rpartition("/")[2] if names else ""


def issued(text: str) -> str | None:
    """Why a value is a credential by its form alone, or None."""
    if TOKENS.search(text):
        return "holds a token, by its prefix"
    if PASSWORD_IN_URL.search(_REFERENCE.sub("$", text)):
        return "holds a password inside a URL"
    return None


def suspicion(called: str, text: str) -> str | None:
    """Why a value looks like a credential, or None."""
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
    """Whether a name is a credential's; the tokens of language models are none."""
    return sounds_secret(name) and not _OF_TEXT.search(name)


def _pointer(variable: str, text: str) -> bool:
    """Whether a value only says where a credential is: a file, a reference, an address."""
    names = ("_FILE", "_PATH", "_NAME", "_URL", "_URI", "_DIR", "_TTL", "_EXPIRY")
    plain = _REFERENCE.sub("", text)
    return (
        variable.upper().replace("-", "_").endswith(names)
        or _HARMLESS.fullmatch(plain.lower()) is not None
    )


def _key(path: Path) -> str:
    return next(part for part in reversed(path) if isinstance(part, str))
