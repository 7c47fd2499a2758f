"""The language of `move`: a back end that takes the place of another one."""

from pydantic import Field

from compiler.spec.constraints import InvalidValue
from compiler.spec.section import Section
from compiler.spec.types import Image, Name


class Move(Section):
    """Two instances of one interface: the data goes from one to the other, and then the clients."""

    from_: Name = Field(alias="from", description="The instance that holds the data.")
    to: Name = Field(description="The instance that takes its place.")
    cut_over: bool = Field(
        default=False, description="Whether the clients use `to`; until then they use `from`."
    )
    image: Image | None = Field(
        default=None,
        description="The image of the Job that copies: rclone's, or the newer server's.",
    )

    def check(self) -> None:
        if self.from_ == self.to:
            message = f"`{self.to}` cannot take its own place"
            raise InvalidValue("invalid-value", message, "name the new instance", at="to")

    @property
    def active(self) -> str:
        """The instance that the clients use."""
        return self.to if self.cut_over else self.from_

    @property
    def standby(self) -> str:
        """The instance that has the same logins but no clients."""
        return self.from_ if self.cut_over else self.to

    def target(self, name: str | None) -> str | None:
        """The instance that answers for a name: after the cut-over, the new one for the old one."""
        return self.to if self.cut_over and name == self.from_ else name
