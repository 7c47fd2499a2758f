"""Read Kubernetes quantities, amounts of memory, storage and CPU, and write their canonical form.

An API server answers in the canonical form (apimachinery's resource.Quantity): the largest suffix
that leaves a whole number, so `1024Mi` is `1Gi` and `0.5` CPU is `500m`.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache

MIB, GIB = 2**20, 2**30
_NUMBER, _SUFFIX = r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)", r"Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]"
_FORM = re.compile(rf"{_NUMBER}({_SUFFIX}|[eE][0-9]+)?")
# The language has no signs. An object may have them, where a patch or an operator wrote it.
_OF_OBJECT = re.compile(rf"([+-]?){_NUMBER}({_SUFFIX}|[eE][+-]?[0-9]+)?")
_MOST = 2**63 - 1  # an API server takes larger quantities for this
_BINARY = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50, "Ei": 2**60}
_DECIMAL = {"k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15, "E": 10**18}
_SMALL = {"m": Fraction(1, 10**3), "u": Fraction(1, 10**6), "n": Fraction(1, 10**9)}
_UNITS: dict[str, Fraction] = {"": Fraction(1), **_SMALL} | {
    suffix: Fraction(unit) for suffix, unit in (_BINARY | _DECIMAL).items()
}


def amount(text: str) -> Fraction:
    """The number that a quantity stands for. Raises ValueError for other texts."""
    match = _FORM.fullmatch(text)
    if match is None or len(text) > 30:
        raise ValueError(f"`{text}` is not a quantity")
    number, suffix = Fraction(match[1]), match[2] or ""
    if suffix not in _UNITS:
        exponent = int(suffix[1:])
        if exponent > 18:
            raise ValueError(f"`{text}` is too large")
        return number * Fraction(10) ** exponent
    return number * _UNITS[suffix]


def of_object(text: str) -> Fraction:
    """The number of any quantity that an API server reads. Raises ValueError for other texts."""
    match = _OF_OBJECT.fullmatch(text)
    if match is None:
        raise ValueError(f"`{text}` is not a quantity")
    sign, number, suffix = match[1], Fraction(match[2]), match[3] or ""
    if suffix[:1] in ("e", "E") and len(suffix) > 1:
        # Beyond these exponents, a server reads the most or rounds to a nano.
        unit = Fraction(10) ** max(-30, min(int(suffix[1:]), 30))
    else:
        unit = _UNITS[suffix]
    value = min(number * unit, Fraction(_MOST))
    return -value if sign == "-" else value


@lru_cache(maxsize=1024)  # thousands of models share a few amounts
def canonical(text: str) -> str:
    """The form that an API server would store."""
    value = amount(text)
    if text.endswith("i"):
        for suffix, unit in reversed(_BINARY.items()):
            if value and value % unit == 0:
                return f"{value // unit}{suffix}"
        if value.denominator == 1:
            return str(value)
    if value.denominator == 1:
        for suffix, unit in reversed(_DECIMAL.items()):
            if value and value % unit == 0:
                return f"{value // unit}{suffix}"
        return str(value)
    for suffix, part in _SMALL.items():
        if (value / part).denominator == 1:
            return f"{value / part}{suffix}"
    raise ValueError(f"`{text}` is finer than a nano")


def in_bytes(text: str) -> int:
    """A quantity of bytes. Raises ValueError if it is not a whole number."""
    value = amount(text)
    if value.denominator != 1:
        raise ValueError(f"`{text}` is not a whole number of bytes")
    return int(value)


def binary(count: int) -> str:
    """Bytes as a canonical quantity with a binary suffix."""
    return canonical(f"{count / 2**10:.0f}Ki") if count % 2**10 == 0 else str(count)


def rounded(count: int) -> str:
    """Bytes for people: in the largest unit that fits, rounded to a tenth."""
    for suffix, unit in reversed(_BINARY.items()):
        if count >= unit:
            return f"{count / unit:.1f}".removesuffix(".0") + suffix
    return str(count)


def rounded_up(count: int) -> str:
    """Bytes to write into a spec: at least as many, in halves of Gi or in steps of 64Mi if they are no whole Mi."""
    if count % MIB == 0:
        return binary(count)
    step = GIB // 2 if count > GIB else 64 * MIB
    return binary(-(-count // step) * step)


def suggestion(text: str) -> str | None:
    """The quantity that `20GiB`, `20gi` or `20 Gi` means; None for `20GB`, which is ambiguous."""
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) ?([kmgtpe])i(?:b|bytes)?", text, re.IGNORECASE)
    return f"{match[1]}{match[2].upper()}i" if match else None


def units(text: str) -> str | None:
    """The help for `20GB`: the possible quantities."""
    match = re.fullmatch(r"([0-9.]+) ?([KMGTkmgt])[bB]?", text)
    if match is None:
        return None
    number, unit = match[1], match[2].upper()
    decimal = "k" if unit == "K" else unit
    return f"write `{number}{unit}i` (powers of two) or `{number}{decimal}` (powers of ten)"
