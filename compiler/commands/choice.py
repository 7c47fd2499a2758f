"""Define an option with a few valid values; the error for another value suggests the closest one."""

from __future__ import annotations

import click


class Choice(click.Choice[str]):
    """A choice whose error suggests the closest value."""

    def get_invalid_choice_message(self, value: object, ctx: click.Context | None) -> str:
        from compiler.diagnostics.words import closest, listing

        close = closest(str(value), self.choices)
        hint = f"did you mean `{close}`?" if close else f"the choices are {listing(self.choices)}"
        return f"there is no `{value}`; {hint}"
