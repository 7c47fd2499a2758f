"""The language of patches: JSON patch operations (RFC 6902) on one object."""

from typing import Any, ClassVar, Literal

from pydantic import Field

from compiler.spec.section import ListOf, Section
from compiler.spec.types import Namespace


class PatchTarget(Section, defer_build=False):
    """The object of the component that a patch changes."""

    kind: str = Field(description="Its kind, like `Deployment`.")
    name: str = Field(description="Its name.")
    namespace: Namespace | None = Field(
        default=None, description="Its namespace, if objects of several namespaces have the name."
    )

    @classmethod
    def instead_of(cls, key: str, value: Any) -> str | None:
        """The help for the other keys of a target of kustomize."""
        if key in ("group", "version"):
            return "leave it out: the kind and the name are enough"
        if key in ("labelSelector", "annotationSelector"):
            return "a patch changes one object: write `kind:` and `name:`"
        return None


class PatchOperation(Section, defer_build=False):
    """One operation of a JSON patch (RFC 6902)."""

    op: Literal["add", "remove", "replace", "test", "move", "copy"] = Field(
        description="What it does at the path; `test` compares the value there."
    )
    path: str = Field(description="A JSON pointer, like `/spec/template/spec/hostname`.")
    value: Any = Field(default=None, description="The value to add, to put there, or to compare.")
    from_: str | None = Field(
        default=None, alias="from", description="The path to `move` or `copy` from."
    )

    def written(self) -> dict[str, Any]:
        """The operation as JSON Patch reads it: `value: null` is different from no value."""
        value = {"value": self.value} if "value" in self.model_fields_set else {}
        return {**super().written(), **value}


class Patch(Section, defer_build=False):
    """The escape hatch: JSON patch operations on one of the component's objects."""

    target: PatchTarget = Field(description="The object to change.")
    operations: ListOf[PatchOperation] = Field(
        min_length=1, description="The operations, in their order."
    )

    other_forms: ClassVar[frozenset[str]] = frozenset({"patch", "path"})

    @classmethod
    def instead_of(cls, key: str, value: Any) -> str | None:
        """The help for a patch of kustomize, which is a text of YAML or a file."""
        if key not in cls.other_forms:
            return None
        return "write `operations: [{op: ..., path: ..., value: ...}]`, the operations of a JSON 6902 patch"
