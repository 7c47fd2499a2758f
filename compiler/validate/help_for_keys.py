"""The help for a key that its section does not have."""

from __future__ import annotations

import re

from compiler.diagnostics.misspelt_keys import suggested_key, there_already
from compiler.diagnostics.words import listing
from compiler.document import Path
from compiler.document.span import Span
from compiler.spec.root import Shape
from compiler.validate.advice import advice
from compiler.validate.advice.unknown_key import UnknownKey
from compiler.validate.corrections import corrected_key
from compiler.validate.errors import FieldError, Help
from compiler.validate.misplaced import BELOW_SPEC, belongs_elsewhere, is_below_spec

# Advice to write another key with one value. Where it is a map, the map that is there takes more keys.
_SINGLE_VALUE = re.compile(r"write `(\w+): (?!\{)[^,`]*`")


def candidate_keys(error: FieldError) -> tuple[str, ...]:
    """The keys that an unknown key may mean; `environments` is one in the file, and is merged earlier."""
    if error.type != "extra_forbidden":
        return ()
    return BELOW_SPEC if error.parent is Shape else error.keys


def help_for_key(error: FieldError, key: str, full: Path) -> Help:
    """The text to write instead of a key, unless the map has that already."""
    assert error.node is not None
    if is_below_spec(error):
        spec = error.node.child("spec")
        twice = spec is not None and key in spec.keys
        return f"`spec` has `{key}` too: merge them" if twice else f"indent `{key}:` under `spec:`"
    if full[:-1] == ("metadata",) and key in BELOW_SPEC:
        return f"move `{key}:` under `spec:`"
    if elsewhere := belongs_elsewhere(error, key):
        return elsewhere
    keys = candidate_keys(error)
    correction = error.instead
    if correction is None and not _spelt_alike(key, keys):
        unknown = UnknownKey(key, error.value, keys, error.defaults, error.neighbours)
        correction = advice(unknown)
    if correction:
        single = _SINGLE_VALUE.match(correction)
        if single and single[1] != key and error.node.has_both(key, single[1]):
            return there_already(single[1])
        return correction
    return suggested_key(error.node, key, keys) or f"the keys are {listing(keys)}"


def _spelt_alike(key: str, keys: tuple[str, ...]) -> bool:
    """Whether an unknown key differs from a known one only by capitals, dashes or a letter."""
    return corrected_key(Span.of_file(""), key, keys) is not None
