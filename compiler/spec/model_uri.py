"""Define the URIs of models: in an object store, a volume claim, a hub or a registry of images."""

from __future__ import annotations

import re
from typing import Annotated

from compiler.spec.constraints import InvalidValue, Parser, matches
from compiler.spec.types import BUCKET_PATTERN, LABEL_PATTERN, pinned_image

_EXAMPLES = (
    "write it like `s3://models/fraud-detection/v2`, `pvc://claim/path`, `hf://org/model:revision` or "
    "`oci://registry.example.com/models/churn:7`"
)
# Of each scheme, the pattern and an example; S3 has a check of its own.
_FORMS = {
    "s3": (None, ""),
    "pvc": (rf"pvc://{LABEL_PATTERN}(/\S*)?", "pvc://claim/path"),
    "hf": (r"hf://[\w.-]+/[\w.-]+(:[\w.-]+)?", "hf://org/model:revision"),
    "oci": (r"oci://\S+", "oci://registry.example.com/models/churn:7"),
}


def _s3_uri(text: str) -> str:
    bucket = text.removeprefix("s3://").split("/")[0]
    spaced = re.search(r"\s", text)
    if not text.startswith("s3://") or not re.fullmatch(BUCKET_PATTERN, bucket) or spaced:
        message = f"`{text}` is not an S3 URI"
        raise InvalidValue("invalid-uri", message, "write it like `s3://models/fraud-detection/v2`")
    return text


def _help(text: str) -> str:
    """The text to type for a URI that only clients of a model registry resolve, or one of Hadoop."""
    registered = re.fullmatch(r"models:/+([\w.-]+)(?:/[\w.-]+|@([\w.-]+))?", text, re.ASCII)
    if registered:
        alias = registered[2] or "ALIAS"
        return f"write `model: {registered[1]}, alias: {alias}` in place of `uri`; `platformc models lock` finds the version"
    if re.match(r"[a-z-]+:/(?!/)", text):
        return "register the model, and write `model: NAME, alias: ALIAS` in place of `uri`"
    hadoop = re.fullmatch(r"s3[an](://\S+)", text)
    if hadoop:
        return f"write `s3{hadoop[1]}`"
    return _EXAMPLES


def _model_uri(text: str) -> str:
    scheme = text.partition("://")[0]
    if scheme not in _FORMS:
        raise InvalidValue("invalid-uri", f"no model can be fetched from `{text}`", _help(text))
    pattern, example = _FORMS[scheme]
    if pattern is None:
        return _s3_uri(text)
    if not matches(pattern, text):
        raise InvalidValue(
            "invalid-uri", f"`{text}` is not a {scheme} URI", f"write it like `{example}`"
        )
    if scheme == "oci":
        pinned_image(text.removeprefix("oci://"))
    return text


ModelUri = Annotated[
    str,
    Parser(
        _model_uri,
        rf"s3://{BUCKET_PATTERN}(/\S*)?|pvc://{LABEL_PATTERN}(/\S*)?|hf://[\w.-]+/[\w.-]+(:[\w.-]+)?|oci://\S+",
        "where a model can be fetched from",
        _EXAMPLES,
    ),
]
S3Uri = Annotated[
    str,
    Parser(
        _s3_uri, rf"s3://{BUCKET_PATTERN}(/\S*)?", "an S3 URI",
        "write it like `s3://models/fraud-detection/v2`",
    ),
]  # fmt: skip
