"""The form in which `platform.lock` records a version of a registered model."""

from typing import Annotated

from pydantic import Field

from compiler.spec.constraints import Exact
from compiler.spec.model_uri import S3Uri
from compiler.spec.section import Section
from compiler.spec.types import Name, RegistryName

_WORD = Exact(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_DIGEST = Exact(r"sha256:[0-9a-f]{64}")
Columns = dict[Annotated[str, Field(max_length=500)], Annotated[str, Field(max_length=500)]]


class LockedModel(Section):
    """One version of a model in an MLflow registry."""

    model: RegistryName
    alias: RegistryName
    version: Annotated[str, Exact(r"[0-9]{1,18}")]
    uri: S3Uri
    flavour: Annotated[str, _WORD]
    run: Annotated[str, _WORD] | None = None
    size: int | None = Field(default=None, ge=1, le=2**60)  # bytes
    signature: Annotated[str, _DIGEST] | None = None  # the digest of the whole signature
    inputs: Columns = {}  # the type of each column; one that may be left out ends in `?`
    outputs: Columns = {}
    previous: S3Uri | None = None  # the URI of the version before


class LockedEnvironments(Section):
    """The part of `platform.lock` about models."""

    models: dict[Name, dict[Name, LockedModel]]
