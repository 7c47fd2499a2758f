"""The language's outline: the root of a spec, and the keys of `spec`."""

from typing import Any, Literal

from compiler.spec.section import Section
from compiler.spec.settings import Metadata, Settings

API_VERSION = "platformc/v1alpha1"
# The sections with instances, each with the word for one of them, which is the type of a tenant.
SINGULAR = {"components": "component", "models": "model", "workloads": "workload"}
SECTIONS = tuple(SINGULAR)
TENANT_TYPES = frozenset(SINGULAR.values()) - {"component"}


class Header(Section):
    """The root of the spec."""

    api_version: Literal["platformc/v1alpha1"]
    kind: Literal["Platform"]
    metadata: Metadata
    spec: dict[str, Any]


class Shape(Settings):
    """`spec` with unparsed instances; `environments` are already merged."""

    components: dict[str, Any] = {}
    models: dict[str, Any] = {}
    workloads: dict[str, Any] = {}
