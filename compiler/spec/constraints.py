"""Constrain field types: check a text, say what is wrong, and give editors a pattern.

Each kind of constraint is part of an `Annotated` type: a `Pattern` that the text must match, an
`Exact` pattern without a special error message, or a `Parser`, a function that returns the
canonical form. A pattern is compiled when the first text is checked, because most fields of a section
are not in the spec.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticKnownError, core_schema

# Values in a row; other words behind them in a help line, such as characters that are allowed, are no values.
_LISTED = re.compile(r"`[^`]+`(?:(?:, | or )`[^`]+`)*")


class InvalidValue(ValueError):
    """The reason why a value is refused: the code of its diagnostic, the message and the help.

    `suggestion` is the only value that the user can have meant. `at` is the field to mark if a
    whole section was checked. Pydantic passes the exception on in the `ctx` of its error.
    """

    def __init__(
        self, code: str, message: str, help: str = "", suggestion: str | None = None, at: str = ""
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.suggestion, self.at = code, message, suggestion, at
        self.help = f"did you mean `{suggestion}`?" if suggestion else help


def address(text: str, *, with_path: bool = False) -> str | None:
    """The help that shows a URL as the keys of an external service, or None.

    A section `with_path` also has the keys `scheme` and `path`.
    """
    from urllib.parse import urlsplit  # only mistakes need it

    if "," in text:
        return "write one host: an instance is one address, unless it has `hosts: [...]`"
    if "://" not in text and ":" not in text:
        return None
    parts = urlsplit(text if "://" in text else f"//{text}")
    if not parts.hostname:
        return None
    try:
        port = parts.port
    except ValueError:
        return None
    keys = [f"host: {parts.hostname}"]
    keys += [f"port: {port}"] if port else []
    keys += (
        [f"tls: {str(parts.scheme == 'https').lower()}"]
        if parts.scheme in ("http", "https")
        else []
    )
    if with_path and parts.scheme not in ("", "http", "https"):
        keys.append(f"scheme: {parts.scheme}")
    if with_path and parts.path.rstrip("/"):
        keys.append(f"path: {parts.path}")
    return f"write `{', '.join(keys)}`"


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern matches a whole text.

    Letters and digits are those of ASCII, as in the schema for editors (ECMA 262) and for an API server.
    By default, Python also takes those of all other scripts.
    """
    return re.fullmatch(pattern, text, re.ASCII) is not None


class Pattern:
    """A text must match a pattern as a whole."""

    def __init__(
        self, pattern: str, code: str, noun: str, help: str, scheme: str = "", example: str = ""
    ) -> None:
        self.pattern, self.code, self.noun, self.help = pattern, code, noun, help
        self.example = example  # an example, if the help has none
        self.scheme = scheme  # the scheme of a URL that users may write instead

    def check(self, text: str) -> str:
        if not matches(self.pattern, text):
            message = f"`{text}` is not {self.noun}{self._reason(text)}"
            help = (address(text) if self.scheme == "https://" else None) or self.help
            raise InvalidValue(self.code, message, help, self._suggestion(text))
        return text

    def _reason(self, text: str) -> str:
        """Why a text is refused, if its length or its capitals alone are the reason."""
        if text != text.lower() and matches(self.pattern, text.lower()):
            return ", because it has capitals"
        if text:
            if matches(self.pattern, text * 3):
                return ", because it is too short"
            if any(matches(self.pattern, text[:length]) for length in (40, 63)):
                return ", because it is too long"
        return ""

    def _suggestion(self, text: str) -> str | None:
        """The host of a URL that has nothing else in it; a name in small letters and dashes."""
        if self.code == "invalid-name":
            name = re.sub(r"[ _]", "-", text.lower())
            return name if matches(self.pattern, name) else None
        if self.code == "invalid-bucket" and matches(self.pattern, text.lower()):
            return text.lower()
        bare = text.removeprefix(self.scheme).rstrip("/")
        is_url = self.scheme and bare != text
        return bare if is_url and matches(self.pattern, bare) else None

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        message = f"This is not {self.noun}: {self.help}."
        return {
            **_pattern(self.pattern, message),
            **_examples(self.help, self.example),
            "type": "string",
        }


class Exact:
    """A text must match a pattern as a whole. The field's description is the help, or else the pattern.

    The error is that of pydantic's `Field(pattern=...)`, which would compile every pattern of a
    section to build its schema: a third of the time that it takes.
    """

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern

    def check(self, text: str) -> str:
        if not matches(self.pattern, text):
            raise PydanticKnownError(
                "string_pattern_mismatch", {"pattern": _anchored(self.pattern)}
            )
        return text

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {**handler(schema), "pattern": _anchored(self.pattern)}


class Parser:
    """A function parses a text, or a number, into its canonical form; editors get a pattern."""

    def __init__(
        self,
        parse: Callable[[str], str],
        pattern: str,
        noun: str,
        help: str,
        *,
        numbers: bool = False,
        example: str = "",
    ) -> None:
        self.parse, self.pattern, self.noun, self.help = parse, pattern, noun, help
        self.example = example  # an example, if the help has none
        self.numbers = numbers  # whether `parse` accepts numbers as well

    def check(self, value: Any) -> Any:
        readable = (str, int, float) if self.numbers else (str,)
        # Pydantic reports other types.
        return self.parse(str(value)) if type(value) in readable else value

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        types = ["string", "number"] if re.fullmatch(self.pattern, "1") else "string"
        message = f"This is not {self.noun}: {self.help}."
        return {
            **_pattern(self.pattern, message),
            **_examples(self.help, self.example),
            "type": types,
        }


def _pattern(pattern: str, message: str) -> dict[str, str]:
    """A pattern for editors, with the message that they show for a text that does not match."""
    return {"pattern": _anchored(pattern), "patternErrorMessage": message}


def _anchored(pattern: str) -> str:
    """A pattern of a whole text, in the syntax of JSON Schema."""
    return f"^({pattern})$"


def _examples(help: str, example: str) -> dict[str, list[str]]:
    """An example, or the values that a help line lists: editors offer them, the reference prints them."""
    listed = _LISTED.match(help.partition(" like ")[2])
    shown = re.findall(r"`([^`]+)`", listed[0]) if listed else []
    examples = dict.fromkeys([*([example] if example else []), *shown])
    return {"examples": [*examples]} if examples else {}
