"""A credential in the spec: it would be in git, in the output and in the cluster's own records.

The rule detects it by its form (an issuer's prefix, a password in a URL), by its key (the name
suggests a credential) or by its randomness (long, mixed letters and digits, over four bits per
character). The value is never printed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from compiler.diagnostics import Report
from compiler.diagnostics.credentials import (
    PASSWORD_IN_URL,
    TOKENS,
    WORD,
    in_commands,
    random,
    sounds_secret,
)
from compiler.model import Node, Path, Platform
from compiler.model.memo import Memo

_REFERENCE = re.compile(r"\$\([A-Za-z_]\w*\)")
# Certificates and public keys look random.
_PUBLIC = re.compile(
    r"-----BEGIN (CERTIFICATE|PUBLIC KEY)-----[\w+/=\s]*-----END (CERTIFICATE|PUBLIC KEY)-----"
)
# An option or a part of a connection string: its name and its value.
_ASSIGNED = re.compile(
    r"([A-Za-z][\w-]{0,64})\s{0,8}=\s{0,8}(?:'([^']*)'|\"([^\"]*)\"|([^\s;,&'\"]+))"
)
# Names of tokens of language models, which are pieces of text.
_OF_TEXT = re.compile(
    r"(?i)tokeni[sz]|tokens\b|(?:eos|bos|pad|unk|mask|cls|sep|stop|special|image|start|end)[-_]?token"
)
# Keys of the spec whose values may look random or secret: here only known forms of tokens count.
_TOKENS_ONLY = {"silence", "secrets", "registry", "image", "clientImage"}
Finding = tuple[Path, Node, str]  # the place, and why the value looks like a credential
_OF_PROGRAM = "gives a program a password or a token as an option"
_REFERENCE_FORM = "{secret: NAME, key: KEY}"
_HARMLESS = re.compile(r"|true|false|none|null|\d{1,5}|/.*|https?://[^@]*")


def check_specs(platforms: Mapping[str, Platform], report: Report) -> None:
    memo = Memo()
    for name, platform in platforms.items():
        _check(platform, memo, report.within(name))


def _check(platform: Platform, memo: Memo, report: Report) -> None:
    for path, node, problem in _findings(platform.document, (), memo):
        report.add(
            "plaintext-secret",
            problem,
            node.span if node.span.line == node.span.end_line else platform.document.span_of(path),
            path=path,
            help=_help(path),
        )


def _help(path: Path) -> str:
    """The text to type for a credential at a path: a variable from a key of a Secret."""
    is_variable = path[-2:-1] == ("env",)
    line = (
        f"{path[-1]}: {_REFERENCE_FORM}" if is_variable else f"env: {{VARIABLE: {_REFERENCE_FORM}}}"
    )
    place = "" if is_variable else ", which gives it to the program as a variable"
    return (
        f"put it into a Secret of the cluster, and write `{line}`{place}; "
        "services in `uses` need none"
    )


def _findings(node: Node, path: Path, memo: Memo, called: str = "") -> Iterable[Finding]:
    """Every value in a node that looks like a credential, and the reason; `called` is its name."""
    if isinstance(node.value, str):
        return _of_text(node, node.value, path, called)
    return memo.once(lambda: tuple(_inside(node, path, memo)), "credentials", node)


def _of_text(node: Node, text: str, path: Path, called: str) -> Iterator[Finding]:
    only_tokens = not _TOKENS_ONLY.isdisjoint(path)
    reason = _issued(text) if only_tokens else _suspicion(called, text)
    if reason:
        yield path, node, f"`{called or _key(path)}` {reason}"


def _inside(node: Node, path: Path, memo: Memo) -> Iterator[Finding]:
    if isinstance(node.value, dict):
        for key, inner in node.value.items():
            if isinstance(inner.value, (str, dict, list)):  # numbers are no credentials
                yield from _findings(inner, (*path, key), memo, _called(node, key, path))
    elif isinstance(node.value, list):
        by_path = {finding[0]: finding for finding in _of_command_line(node.value, path)}
        yield from by_path.values()
        option = ""
        for index, inner in enumerate(node.value):
            if (*path, index) not in by_path:
                yield from _findings(inner, (*path, index), memo, option)
            text = inner.value if isinstance(inner.value, str) else ""
            option = text.lstrip("-") if text.startswith("-") and "=" not in text else ""


def _of_command_line(nodes: list[Node], path: Path) -> Iterator[Finding]:
    """The words that are passwords by the program and the options before them: `mysql -pX`."""
    words = [node.value if isinstance(node.value, str) else "-" for node in nodes]
    secrets = [start for start, _ in in_commands(" ".join(words))]
    start = 0
    for index, word in enumerate(words):
        if any(start <= position <= start + len(word) for position in secrets):
            yield (*path, index), nodes[index], f"`{_key(path)}` {_OF_PROGRAM}"
        start += len(word) + 1


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


def _issued(text: str) -> str | None:
    """The reason that a value is a credential by its form alone, or None."""
    if TOKENS.search(text):
        return "holds a token, by its prefix"
    if "@" in text and PASSWORD_IN_URL.search(_REFERENCE.sub("$", text)):
        return "holds a password inside a URL"
    return None


def _suspicion(called: str, text: str) -> str | None:
    """The reason that a value looks like a credential, or None."""
    if reason := _issued(text):
        return reason
    if " " in text and any(in_commands(text)):
        return _OF_PROGRAM
    if _credential(called) and not _pointer(called, text):
        return "has the name of a credential and a literal value"
    text = _PUBLIC.sub("", text)
    for name, *values in _ASSIGNED.findall(text) if "=" in text else ():
        if _credential(name) and not _pointer(name, "".join(values)):
            return f"gives `{name}` a literal value"
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
