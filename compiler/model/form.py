"""How a text of the language checks itself, and how editors are told of it."""

from __future__ import annotations

import re
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, WithJsonSchema
from pydantic_core import PydanticCustomError, core_schema


def refusal(
    code: str, message: str, help: str = "", meant: str | None = None
) -> PydanticCustomError:
    """An error that validate/ turns into the diagnostic `code`; `meant` is the value that was."""
    help = f"did you mean `{meant}`?" if meant else help
    return PydanticCustomError(code, "{text}", {"text": message, "help": help, "meant": meant})


def _told(pattern: str, what: str, help: str) -> dict[str, Any]:
    """A pattern, and the words for it that the YAML language server shows."""
    return {"pattern": f"^({pattern})$", "patternErrorMessage": f"{what}: {help}."}


class Form:
    """A text of a certain form, which the language's schema tells editors too."""

    def __init__(self, pattern: str, code: str, what: str, help: str, scheme: str = "") -> None:
        self.form, self.code, self.what, self.help = re.compile(pattern), code, what, help
        self.scheme = scheme  # of the URL that people write in its place

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {
            **handler(schema),
            **_told(self.form.pattern, f"This is not {self.what}", self.help),
        }

    def check(self, text: str) -> str:
        if not self.form.fullmatch(text):
            raise refusal(self.code, f"`{text}` is not {self.what}", self.help, self.meant(text))
        return text

    def meant(self, text: str) -> str | None:
        """What stands in a URL that has nothing else in it."""
        bare = text.removeprefix(self.scheme).rstrip("/")
        return bare if self.scheme and bare != text and self.form.fullmatch(bare) else None


def spelt(pattern: str, what: str, help: str, *types: str) -> WithJsonSchema:
    """What editors are told of a text that is checked more closely here."""
    return WithJsonSchema({"type": list(types) or "string", **_told(pattern, what, help)})
