"""An option's value out of a few words, with the one that was likely meant."""

from __future__ import annotations

import click


class Choice(click.Choice[str]):
    """One of some words."""

    def get_invalid_choice_message(self, value: object, ctx: click.Context | None) -> str:
        from compiler.diagnostics import listing, near

        close = near(str(value), self.choices)
        way_out = f"did you mean `{close}`?" if close else f"there is {listing(self.choices)}"
        return f"`{value}` is not one of them; {way_out}"
