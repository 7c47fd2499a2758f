"""The code, message and help of each kind of error that pydantic finds in a section."""

from __future__ import annotations

import re
from collections.abc import Callable

from compiler.diagnostics.words import alternatives, suggestion
from compiler.document import Path
from compiler.document.colons import without_space
from compiler.spec.constraints import address, matches
from compiler.text import uncapitalised
from compiler.validate.corrections import EMPTY
from compiler.validate.errors import FieldError, Help
from compiler.validate.help_for_keys import help_for_key
from compiler.validate.help_for_types import KINDS, help_for_type, kind_of, quoted

Reason = tuple[str, str, Help]  # a diagnostic's code, message and help


def reason_of(error: FieldError, full: Path) -> Reason:
    """The code, message and help of an error at a path."""
    key = _last_key(full)
    if error.reason is not None:
        help = _help_for_address(error) or error.reason.help
        return error.reason.code, error.reason.message, help or ()
    if error.on_key:
        return "invalid-name", f"`{key}` can't be a key here", _rule(error)
    if error.value is None:
        return _null(error, key)
    reason = _REASONS.get(error.type, _pydantic_error)
    return reason(error, key, full)


def _last_key(path: Path) -> str:
    """The last key of a path; for an element of a list, the list's key."""
    names = [part for part in path if isinstance(part, str)]
    return names[-1] if names else "the spec"


def _where(full: Path) -> str:
    return f"in `{_last_key(full[:-1])}`" if len(full) > 1 else "at the top"


def _unknown_key(error: FieldError, key: str, full: Path) -> Reason:
    message = f"unknown key `{key}` {_where(full)}"
    return "unknown-key", message, help_for_key(error, key, full)


def _missing(error: FieldError, key: str, full: Path) -> Reason:
    line = f"{key}: {error.only}" if error.only else f"{key}:"
    if error.required:
        line = f"{key}: {{{', '.join(f'{inner}: ...' for inner in error.required)}}}"
    description = f": {uncapitalised(error.description)}" if error.description else ""
    return "missing-key", f"`{key}` is missing {_where(full)}", f"add `{line}`{description}"


_MEANINGS = {"{}": "all defaults", "[]": "none"}


def _null(error: FieldError, key: str) -> Reason:
    if help := without_space(key):
        return "null-value", f"`{key}` is a key without a value", help
    empty = EMPTY.get(error.type)
    remedy = f"write `{empty}` for {_MEANINGS[empty]}" if empty else "give it one"
    return "null-value", f"`{key}` has no value", f"{remedy}, or delete the key"


def _too_small(error: FieldError, key: str, full: Path) -> Reason:
    least = error.context["ge"]
    return "out-of-range", f"`{key}` must be at least {least}", f"write `{key}: {least}` or more"


def _too_large(error: FieldError, key: str, full: Path) -> Reason:
    most = error.context["le"]
    return "out-of-range", f"`{key}` must be at most {most}", f"write `{key}: {most}` or less"


def _too_short(error: FieldError, key: str, full: Path) -> Reason:
    units = ("character", "characters") if isinstance(error.value, str) else ("entry", "entries")
    least = error.context["min_length"]
    return "out-of-range", f"`{key}` must have at least {least} {units[least != 1]}", ()


def _mismatch(error: FieldError, key: str, full: Path) -> Reason:
    message = f"`{key}` cannot be {quoted(error.value)}"
    return "invalid-value", message, _meant_address(error) or error.description or _rule(error)


def _meant_address(error: FieldError) -> str:
    """The help for an address with a scheme or a slash too much, or without a scheme."""
    text, pattern = str(error.value), str(error.context.get("pattern", ""))
    host = re.sub(r"^https?://", "", text).rstrip("/")
    meant = next((form for form in (host, f"https://{host}") if matches(pattern, form)), "")
    return f"write `{meant}`" if "." in host and meant else ""


def _help_for_address(error: FieldError) -> str | None:
    """The help for a URL where a host belongs, in the keys that this section has."""
    is_host = error.reason is not None and error.reason.code == "invalid-host" and not error.in_list
    if not is_host or "path" not in error.keys or not isinstance(error.value, str):
        return None
    return address(error.value, with_path=True)


def _rule(error: FieldError) -> str:
    pattern = error.context.get("pattern")
    return f"it must match `{pattern}`" if pattern else error.message


def _unknown_value(error: FieldError, key: str, full: Path) -> Reason:
    close = suggestion(str(error.value), error.allowed)
    help = close if error.only and close else (*close, f"write {alternatives(error.allowed)}")
    return "unknown-value", f"`{key}` cannot be {quoted(error.value)}", help


def _wrong_type(error: FieldError, key: str, full: Path) -> Reason:
    fraction = error.type == "int_type" and isinstance(error.value, float)
    kind = quoted(error.value) if fraction else kind_of(error.value)
    subject = f"an entry of `{key}`" if error.in_list else f"`{key}`"
    message = f"{subject} must be {KINDS[error.type]}, not {kind}"
    return "wrong-type", message, help_for_type(error, key) or error.description or ()


def _pydantic_error(error: FieldError, key: str, full: Path) -> Reason:
    """Pydantic's own message, for a constraint that only components of other packages use."""
    return "invalid-value", f"`{key}` cannot be {quoted(error.value)}", error.message


_REASONS: dict[str, Callable[[FieldError, str, Path], Reason]] = {
    "extra_forbidden": _unknown_key,
    "missing": _missing,
    "greater_than_equal": _too_small,
    "less_than_equal": _too_large,
    "too_short": _too_short,
    "string_too_short": _too_short,
    "string_pattern_mismatch": _mismatch,
    "literal_error": _unknown_value,
    **dict.fromkeys(KINDS, _wrong_type),
}
