"""The pods of a gateway: network policies select them by labels, the mesh by account."""

from pydantic import Field

from compiler import model
from compiler.spec.labels import Labels
from compiler.spec.types import Name


class Pods(model.Section):
    """The pods that requests from outside the cluster pass."""

    labels: Labels = Field(
        default={}, description="Their labels; default: those of the controller's own release."
    )
    service_account: Name | None = Field(
        default=None, description="Their ServiceAccount, if they are in the platform's mesh."
    )
