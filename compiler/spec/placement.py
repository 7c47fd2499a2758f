"""The language of placement: the nodes that may run pods, in Kubernetes' words."""

from typing import Annotated, Any, Literal

from pydantic import Field

from compiler.spec.constraints import InvalidValue
from compiler.spec.labels import LabelKey, LabelValue
from compiler.spec.section import ListOf, Section
from compiler.spec.types import MOST_INT64


class Toleration(Section, defer_build=False):
    """A taint that the pods tolerate, in Kubernetes' syntax."""

    key: str | None = None
    operator: Literal["Exists", "Equal"] | None = None
    value: str | None = None
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    # Kubernetes counts it in nanoseconds (1.36, taint_eviction.go), and evicts at once after an overflow.
    toleration_seconds: Annotated[int, Field(ge=0, le=MOST_INT64 // 10**9)] | None = None


class NodeRule(Section, defer_build=False):
    """A condition on a label of nodes, in Kubernetes' words."""

    key: LabelKey = Field(description="The label, like `topology.kubernetes.io/zone`.")
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"] = "In"
    values: ListOf[LabelValue] = Field(
        default=(), description="Values to compare with; none for `Exists`."
    )

    def check(self) -> None:
        if self.operator in ("Exists", "DoesNotExist"):
            if self.values:
                message = f"`{self.operator}` asks whether there is a label, and not for values"
                raise InvalidValue("invalid-value", message, "remove `values`", at="values")
        elif not self.values or (self.operator in ("Gt", "Lt") and len(self.values) > 1):
            message = f"`{self.operator}` compares a label with values"
            help = "add one value" if self.operator in ("Gt", "Lt") else "add `values: [...]`"
            raise InvalidValue("invalid-value", message, help)

    @property
    def expression(self) -> dict[str, Any]:
        """The condition, as a pod has it."""
        values = {"values": list(self.values)} if self.values else {}
        return {"key": self.key, "operator": self.operator, **values}


class NodePreference(NodeRule, defer_build=False):
    """A condition of the nodes that pods prefer."""

    weight: int = Field(default=100, ge=1, le=100, description="Its weight among the others.")


class NodeAffinity(Section, defer_build=False):
    """The nodes that may run pods, by conditions that `nodeSelector` cannot express."""

    required: ListOf[NodeRule] = Field(
        default=(), description="Conditions that a node must meet, all of them."
    )
    preferred: ListOf[NodePreference] = Field(
        default=(), description="Conditions of the nodes that pods prefer."
    )

    def manifest(self) -> dict[str, Any]:
        """The field of a pod."""
        fields: dict[str, Any] = {}
        if self.required:
            terms = [{"matchExpressions": [rule.expression for rule in self.required]}]
            fields["requiredDuringSchedulingIgnoredDuringExecution"] = {"nodeSelectorTerms": terms}
        if self.preferred:
            fields["preferredDuringSchedulingIgnoredDuringExecution"] = [
                {"preference": {"matchExpressions": [rule.expression]}, "weight": rule.weight}
                for rule in self.preferred
            ]
        return fields
