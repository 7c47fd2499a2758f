"""The words of the language that check themselves: quantities, names, images, hosts, schedules.

Each is a plain string to the rest of the compiler, in its canonical form. A refusal carries the
code of its diagnostic and what to type instead.
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError, core_schema

from compiler.model import cron, quantity


def refusal(
    code: str, message: str, help: str = "", meant: str | None = None
) -> PydanticCustomError:
    """An error that validate/ turns into the diagnostic `code`; `meant` is the value that was."""
    help = f"did you mean `{meant}`?" if meant else help
    return PydanticCustomError(code, "{text}", {"text": message, "help": help, "meant": meant})


def _quantity(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return value
    return str(value)


_FEWEST = 1024  # bytes: with less, a unit was forgotten


def _bytes(text: str) -> str:
    try:
        count = quantity.whole(text)
        if count < _FEWEST:
            raise ValueError(f"`{text}` is {count} bytes, and not a kibibyte")
        return quantity.canonical(text)
    except ValueError as error:
        help = _units(text) or "write it like `512Mi` or `20Gi`"
        raise refusal("invalid-quantity", str(error), help, quantity.meant(text)) from error


def _units(text: str) -> str | None:
    """Which of two units an amount could have, where people write neither."""
    match = re.fullmatch(r"([0-9.]+) ?([KMGTkmgt])[bB]?", text)
    if match is None:
        return f"write it like `{text}Gi`" if text.isdecimal() else None
    number, unit = match[1], match[2].upper()
    decimal = "k" if unit == "K" else unit
    return f"write `{number}{unit}i` (powers of two) or `{number}{decimal}` (powers of ten)"


def _cpu(text: str) -> str:
    try:
        return quantity.canonical(text)
    except ValueError as error:
        raise refusal("invalid-quantity", str(error), "write it like `500m` or `2`") from error


def _told(pattern: str, what: str, help: str) -> dict[str, Any]:
    """A pattern, and the words for it that the YAML language server shows."""
    return {"pattern": f"^({pattern})$", "patternErrorMessage": f"{what}: {help}."}


class _Form:
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


_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
NAME_PATTERN = r"[a-z]([-a-z0-9]{0,38}[a-z0-9])?"
_HOST = rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})*"
_OCTET = r"(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_BUCKET = r"(?!\d+\.\d+\.\d+\.\d+$)(?!xn--)(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
_FLOATING = {"latest", "main", "master", "edge", "nightly", "dev", "stable"}


def _image(text: str) -> str:
    repository, tag, digest = split_image(text)
    if not repository:
        message = f"`{text}` is not an image reference"
        raise refusal("invalid-image", message, "write it like `registry.example.com/team/app:1.4`")
    if digest or (tag and tag not in _FLOATING):
        return text
    message = f"`{text}` floats: what runs can change without a change here"
    raise refusal("floating-tag", message, "name a version, or add `@sha256:...`")


def split_image(text: str) -> tuple[str, str, str]:
    """Repository, tag and digest of an image reference; empty where it has none."""
    name, _, digest = text.partition("@")
    head, slash, last = name.rpartition("/")
    last, _, tag = last.partition(":")
    if digest and not re.fullmatch(r"sha256:[0-9a-f]{64}", digest):
        return "", "", ""
    path = r"[a-z0-9]+([._-]+[a-z0-9]+)*"
    host = rf"([A-Za-z0-9.-]+(:[0-9]{{1,5}})?/)?({path}/)*"
    good = re.fullmatch(rf"{host}{path}", head + slash + last) and (
        not tag or re.fullmatch(r"\w[\w.-]{0,127}", tag)
    )
    return (head + slash + last, tag, digest) if good and len(text) < 500 else ("", "", "")


def _s3_uri(text: str) -> str:
    bucket = text.removeprefix("s3://").split("/")[0]
    spaced = re.search(r"\s", text)
    if not text.startswith("s3://") or not re.fullmatch(_BUCKET, bucket) or spaced:
        message = f"`{text}` is not an S3 URI"
        raise refusal("invalid-uri", message, "write it like `s3://models/fraud-detection/v2`")
    return text


def _schedule(text: str) -> str:
    problem = cron.problem(text)
    if problem:
        help = "write it like `0 2 * * *`: minute, hour, day of month, month, day of week"
        raise refusal("invalid-schedule", f"`{text}` is not a schedule: {problem}", help)
    return text


_DURATION = r"[1-9][0-9]{0,5}[smhd]"


def _duration(text: str) -> str:
    if not re.fullmatch(_DURATION, text):
        help = "write it like `90s`, `15m`, `6h` or `1d`"
        raise refusal("invalid-duration", f"`{text}` is not a duration", help, _meant(text))
    return text


_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SPOKEN = re.compile(
    r"([0-9]{1,6}) ?(s|sec|second|m|min|minute|h|hr|hour|d|day)s?(?=[ 0-9]|$) ?", re.IGNORECASE
)


def _meant(text: str) -> str | None:
    """The duration that `90min`, `6 hours` or `1h30m` can only mean."""
    parts = [match.groups() for match in _SPOKEN.finditer(text)]
    if not parts or _SPOKEN.sub("", text):
        return None
    amounts = [(int(count), unit[0].lower()) for count, unit in parts]
    total = sum(count * _SECONDS[unit] for count, unit in amounts)
    # In the unit of its least part, as `90m` for `1h30m`.
    unit = min((unit for _, unit in amounts), key=_SECONDS.__getitem__)
    return f"{total // _SECONDS[unit]}{unit}" if total else None


def seconds(duration: str) -> int:
    """The length of a duration in seconds."""
    return int(duration[:-1]) * _SECONDS[duration[-1]]


_NUMBER = r"([0-9]+(\.[0-9]*)?|\.[0-9]+)"


def _spelt(pattern: str, what: str, help: str, *types: str) -> WithJsonSchema:
    """What editors are told of a text that is checked more closely here."""
    return WithJsonSchema({"type": list(types) or "string", **_told(pattern, what, help)})


Memory = Annotated[
    str,
    BeforeValidator(_quantity),
    AfterValidator(_bytes),
    _spelt(
        rf"{_NUMBER}([KMGTPE]i|[kMGTPE]|[eE][0-9]+)?",
        "This is not an amount of bytes",
        "write it like `512Mi` or `20Gi`",
        "string",
        "number",
    ),
]
Cpu = Annotated[
    str,
    BeforeValidator(_quantity),
    AfterValidator(_cpu),
    _spelt(
        rf"{_NUMBER}([numk]|[eE][0-9]+)?",
        "This is not an amount of processors",
        "write it like `500m` or `2`",
        "string",
        "number",
    ),
]
Name = Annotated[
    str,
    _Form(
        NAME_PATTERN, "invalid-name", "a name",
        "use at most 40 of `a-z`, `0-9` and `-`; start with a letter, end with one or a digit",
    ),
]  # fmt: skip
Namespace = Annotated[
    str,
    _Form(
        rf"(?=.{{1,63}}$){_LABEL}", "invalid-name", "a namespace",
        "use at most 63 of `a-z`, `0-9` and `-`",
    ),
]  # fmt: skip
Host = Annotated[
    str,
    _Form(_HOST, "invalid-host", "a host name", "write it like `ml.example.internal`", "https://"),
]
Bucket = Annotated[
    str,
    _Form(
        _BUCKET, "invalid-bucket", "a bucket name",
        "use 3 to 63 of `a-z`, `0-9`, `-` and `.`; start and end with a letter or digit", "s3://",
    ),
]  # fmt: skip
Database = Annotated[
    str,
    _Form(
        r"[a-z_][a-z0-9_]{0,62}", "invalid-database", "a database name",
        "use at most 63 of `a-z`, `0-9` and `_`; start with a letter",
    ),
]  # fmt: skip
Cidr = Annotated[
    str,
    _Form(
        rf"({_OCTET}\.){{3}}{_OCTET}/([0-9]|[12][0-9]|3[0-2])", "invalid-cidr", "an IPv4 range",
        "write it like `10.0.0.0/8`",
    ),
]  # fmt: skip
SecretName = Annotated[
    str,
    _Form(_HOST, "invalid-name", "a Secret's name", "use `a-z`, `0-9`, `-` and `.`"),
]
TreePath = Annotated[
    str,
    _Form(
        r"(?!\.\.(/|$))[A-Za-z0-9._-]+(/(?!\.\.(/|$))[A-Za-z0-9._-]+)*", "invalid-value",
        "a path below the spec's folder", "write it like `certificates/prod.pem`, without `..`",
    ),
]  # fmt: skip
EnvName = Annotated[
    str,
    _Form(
        r"[A-Za-z_][A-Za-z0-9_]*", "invalid-name", "the name of an environment variable",
        "use letters, digits and `_`; start with a letter",
    ),
]  # fmt: skip
Image = Annotated[
    str,
    AfterValidator(_image),
    _spelt(
        r"[^\s/]\S*[:@]\S+", "This is no image that stays the same",
        "write it like `registry.example.com/team/app:1.4`",
    ),
]  # fmt: skip
S3Uri = Annotated[
    str,
    AfterValidator(_s3_uri),
    _spelt(
        rf"s3://{_BUCKET}(/\S*)?", "This is not an S3 URI",
        "write it like `s3://models/fraud-detection/v2`",
    ),
]  # fmt: skip
Schedule = Annotated[
    str,
    AfterValidator(_schedule),
    _spelt(
        r"@[a-z]+|[\w*?/,-]+( [\w*?/,-]+){4}", "This is not a schedule",
        "minute, hour, day of month, month, day of week, like `0 2 * * *`",
    ),
]  # fmt: skip
Duration = Annotated[
    str,
    BeforeValidator(_quantity),
    AfterValidator(_duration),
    _spelt(_DURATION, "This is not a duration", "write it like `90s`, `15m`, `6h` or `1d`"),
]
Port = Annotated[int, Field(ge=1, le=65535)]
