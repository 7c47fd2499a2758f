"""Define field types that check a text: quantities, names, images, hosts, schedules.

The rest of the compiler sees each value as a plain string in its canonical form.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field

from compiler.spec import cron, duration, quantity
from compiler.spec.constraints import Exact, InvalidValue, Parser, Pattern
from compiler.spec.image import PATTERN, is_floating, split_image

# The largest numbers of Kubernetes' fields of type int32 and int64: its API server does not read a larger one.
MOST_INT32, MOST_INT64 = 2**31 - 1, 2**63 - 1
# Bytes below which no pod starts, and no file system is made; a model's files can be this few.
_LEAST_MEMORY, _LEAST_STORAGE = quantity.MIB, 1024
_LEAST_PLAIN = 4 * quantity.MIB  # below it, a number without a unit is a number of Mi or Gi
# The digits that a number of Gi has at most. GPUs have as many as volumes.
_GIBS = {"memory": 2, "storage": 3}
_CPU_HELP = "write it like `500m` or `2`"


def _memory(text: str) -> str:
    return _bytes(text, "memory", _LEAST_MEMORY)


def _storage(text: str) -> str:
    return _bytes(text, "storage", _LEAST_STORAGE)


def _bytes(text: str, kind: str, least: int) -> str:
    try:
        count = quantity.in_bytes(text)
        canonical = quantity.canonical(text)
    except ValueError as error:
        help = quantity.units(text) or "write it like `512Mi` or `20Gi`"
        raise InvalidValue(
            "invalid-quantity", str(error), help, quantity.suggestion(text)
        ) from error
    if count > MOST_INT64:
        message = f"`{text}` is more than a quantity of Kubernetes holds"
        raise InvalidValue("invalid-quantity", message, "write it like `20Gi` or `2Ti`")
    if count < (_LEAST_PLAIN if text.isdecimal() else least):
        raise _too_few_bytes(text, count, kind)
    return canonical


def _too_few_bytes(text: str, count: int, kind: str) -> InvalidValue:
    """The error for an amount that no server can use: nothing, or a number without its unit."""
    if count == 0:
        message, help = f"`{text}` must be more than 0", "write it like `20Gi`"
    elif text.isdecimal():
        message = f"`{text}` means {count} bytes: the unit is missing"
        help = f"write `{text}{_unit(len(text), kind)}`"
    else:
        message = f"`{text}` means {count} bytes, which is too little"
        help = "write it like `512Mi` or `20Gi`"
    return InvalidValue("invalid-quantity", message, help)


def _unit(digits: int, kind: str) -> str:
    """The unit that a number probably lacks: `4Gi`, `512Mi` and `524288Ki` of memory, `500Gi` of storage."""
    return "Gi" if digits <= _GIBS[kind] else "Mi" if digits <= 5 else "Ki"


def _cpu(text: str) -> str:
    try:
        canonical = quantity.canonical(text)
    except ValueError as error:
        raise InvalidValue("invalid-quantity", str(error), _CPU_HELP) from error
    match = re.fullmatch(r"([0-9.]+)([MGTPE]i?|Ki)", text)
    if match:  # Kubernetes accepts it as millions of processors and more.
        message = f"`{text}` has a unit of memory: no server has so many processors"
        milli = f"{match[1]}m" if match[2] == "M" else None
        raise InvalidValue("invalid-quantity", message, _CPU_HELP, milli)
    return canonical


LABEL_PATTERN = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
NAME_PATTERN = r"[a-z]([-a-z0-9]{0,38}[a-z0-9])?"
HOST_PATTERN = rf"{LABEL_PATTERN}(\.{LABEL_PATTERN})*"
_SUBDOMAIN = rf"(?=.{{1,253}}$){HOST_PATTERN}"
_OCTET = r"(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
# A name of DNS: labels of up to 63 characters, of which the last has a letter or a dash. Istio's webhook refuses
# others (1.30, ValidateDNS1123Labels); an address is none, and it is a host outside alone.
_DNS_NAME = rf"(?!.*[^.]{{64}})(?!(.*\.)?[0-9]+$){HOST_PATTERN}"
_HOST = rf"(?=.{{1,253}}$)({_DNS_NAME}|({_OCTET}\.){{3}}{_OCTET})"
BUCKET_PATTERN = r"(?!\d+\.\d+\.\d+\.\d+$)(?!xn--)(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"


# Where models are fetched from, besides S3: the form, and an example.
def pinned_image(text: str) -> str:
    """Return an image that stays the same, or raise InvalidValue."""
    if not split_image(text)[0]:
        message = f"`{text}` is not an image reference"
        raise InvalidValue(
            "invalid-image", message, "write it like `registry.example.com/team/app:1.4`"
        )
    if not is_floating(text):
        return text
    message = f"`{text}` is floating: the image can change without a change of the spec"
    raise InvalidValue("floating-tag", message, "name a version, or add `@sha256:...`")


def _schedule(text: str) -> str:
    problem = cron.problem(text)
    if problem:
        help = "write it like `0 2 * * *`: minute, hour, day of month, month, day of week"
        raise InvalidValue("invalid-schedule", f"`{text}` is not a schedule: {problem}", help)
    return text


def _duration(text: str) -> str:
    if not re.fullmatch(duration.PATTERN, text):
        help = "write it like `90s`, `15m`, `6h` or `1d`"
        reason = ", because it is too long" if re.fullmatch(r"[1-9][0-9]{5,}[smhd]", text) else ""
        raise InvalidValue(
            "invalid-duration",
            f"`{text}` is not a duration{reason}",
            help,
            duration.suggestion(text),
        )
    return text


_NUMBER = r"([0-9]+(\.[0-9]*)?|\.[0-9]+)"
_NAME = Pattern(
    NAME_PATTERN, "invalid-name", "a name",
    "use at most 40 of `a-z`, `0-9` and `-`; start with a letter, end with one or a digit",
    example="my-name",
)  # fmt: skip

_BYTES = (
    rf"{_NUMBER}([KMGTPE]i|[kMGTPE]|[eE][0-9]+)?", "an amount of bytes", "write it like `512Mi` or `20Gi`",
)  # fmt: skip
Memory = Annotated[str, Parser(_memory, *_BYTES, numbers=True)]
Storage = Annotated[str, Parser(_storage, *_BYTES, numbers=True)]
Cpu = Annotated[
    str,
    Parser(
        _cpu, rf"{_NUMBER}([numk]|[eE][0-9]+)?", "an amount of processors",
        "write it like `500m` or `2`", numbers=True,
    ),
]  # fmt: skip
Name = Annotated[str, _NAME]
# A release of an upstream system, without the `v` that some addresses have.
Release = Annotated[
    str,
    Pattern(
        r"[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?", "invalid-value", "a release",
        "write it like `1.30.3`, in quotes", "v", example="1.30.3",
    ),
    Field(
        description="The release that the cluster runs: `prerequisites` prints its addresses, and pods are "
        "judged with the containers that it adds."
    ),
]  # fmt: skip
Namespace = Annotated[
    str,
    Pattern(
        rf"(?=.{{1,63}}$){LABEL_PATTERN}", "invalid-name", "a namespace",
        "use at most 63 of `a-z`, `0-9` and `-`", example="mlops",
    ),
]  # fmt: skip
# Names of the machine itself, which in a pod mean the pod; no node knows Docker's name of a laptop.
LOOPBACK_HOST = r"localhost|127(?:\.\d+){3}|0\.0\.0\.0|\[::1\]|host\.docker\.internal"
Host = Annotated[
    str,
    Pattern(
        _HOST, "invalid-host", "a host name", "write it like `ml.example.internal`", "https://"
    ),
]
# The name of a public host, and a domain, below which a host has one more label.
HostName = Annotated[
    str,
    Pattern(
        rf"(?=.{{1,253}}$){_DNS_NAME}", "invalid-host", "a host name",
        "write it like `ml.example.internal`", "https://",
    ),
]  # fmt: skip
Domain = Annotated[
    str,
    Pattern(
        rf"(?=.{{1,189}}$){_DNS_NAME}", "invalid-host", "a domain",
        "write it like `ml.example.internal`", "https://",
    ),
]  # fmt: skip
Bucket = Annotated[
    str,
    Pattern(
        BUCKET_PATTERN, "invalid-bucket", "a bucket name",
        "use 3 to 63 of `a-z`, `0-9`, `-` and `.`; start and end with a letter or digit", "s3://",
        example="datasets",
    ),
]  # fmt: skip
Database = Annotated[
    str,
    Pattern(
        r"[a-z_][a-z0-9_]{0,62}", "invalid-database", "a database name",
        "use at most 63 of `a-z`, `0-9` and `_`; start with a letter", example="features",
    ),
]  # fmt: skip
Cidr = Annotated[
    str,
    Pattern(
        rf"({_OCTET}\.){{3}}{_OCTET}/([0-9]|[12][0-9]|3[0-2])", "invalid-cidr", "an IPv4 range",
        "write it like `10.0.0.0/8`",
    ),
]  # fmt: skip
SecretName = Annotated[
    str,
    Pattern(
        _SUBDOMAIN, "invalid-name", "a Secret's name", "use `a-z`, `0-9`, `-` and `.`",
        example="my-secret",
    ),
]  # fmt: skip
# The limits of the API server (ValidateServiceName, ValidatePersistentVolumeName): the objects exist already.
ServiceName = Annotated[
    str,
    Pattern(
        r"(?=.{1,63}$)[a-z]([-a-z0-9]*[a-z0-9])?", "invalid-name", "a Service's name",
        "use at most 63 of `a-z`, `0-9` and `-`; start with a letter", example="my-service",
    ),
]  # fmt: skip
ClaimName = Annotated[
    str,
    Pattern(
        _SUBDOMAIN, "invalid-name", "a volume claim's name", "use `a-z`, `0-9`, `-` and `.`",
        example="my-claim",
    ),
]  # fmt: skip
TreePath = Annotated[
    str,
    Pattern(
        r"(?!\.\.(/|$))[A-Za-z0-9._-]+(/(?!\.\.(/|$))[A-Za-z0-9._-]+)*", "invalid-value",
        "a path below the spec's folder", "write it like `certificates/prod.pem`, without `..`",
    ),
]  # fmt: skip
EnvName = Annotated[
    str,
    Pattern(
        r"[A-Za-z_][A-Za-z0-9_]*", "invalid-name", "the name of an environment variable",
        "use letters, digits and `_`; start with a letter", example="LOG_LEVEL",
    ),
]  # fmt: skip
Image = Annotated[
    str,
    Parser(
        pinned_image, PATTERN, "an image that stays the same",
        "write it like `registry.example.com/team/app:1.4`",
    ),
]  # fmt: skip
Schedule = Annotated[
    str,
    Parser(
        _schedule, r"@[a-z]+|[\w*?/,-]+( [\w*?/,-]+){4}", "a schedule",
        "write minute, hour, day of month, month, day of week, like `0 2 * * *`",
    ),
]  # fmt: skip
Duration = Annotated[
    str,
    Parser(
        _duration, duration.PATTERN, "a duration", "write it like `90s`, `15m`, `6h` or `1d`",
        numbers=True,
    ),
]  # fmt: skip
ServiceAccount = Annotated[
    str,
    Pattern(
        rf"{LABEL_PATTERN}/{HOST_PATTERN}", "invalid-name", "a ServiceAccount with its namespace",
        "write it like `analytics/scorer`", example="analytics/scorer",
    ),
]  # fmt: skip
RegistryName = Annotated[
    str,
    Pattern(
        r"\w[\w .-]{0,199}", "invalid-name", "a name of a model registry",
        "write it like `churn`: letters, digits, `_`, `-`, `.` and spaces",
    ),
]  # fmt: skip
RegistryAlias = Annotated[
    str,
    Pattern(
        r"\w[\w .-]{0,199}", "invalid-name", "an alias of a model registry",
        "write it like `champion`: letters, digits, `_`, `-`, `.` and spaces",
    ),
]  # fmt: skip
Port = Annotated[int, Field(ge=1, le=65535)]
Positive = Annotated[int, Field(ge=1, le=MOST_INT32)]
Natural = Annotated[int, Field(ge=0, le=MOST_INT32)]
UrlPath = Annotated[str, Exact(r"/[\w./~%?=&-]*")]


def check_name(text: str) -> None:
    """Raise InvalidValue if a text cannot be the name of an instance or an environment."""
    _NAME.check(text)
