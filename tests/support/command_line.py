"""Run platformc in this process, as a shell would."""

from __future__ import annotations

from click.testing import CliRunner, Result

from compiler.cli import platformc


def run(*words: object, input: str | None = None, **variables: str) -> Result:
    """The result of a command: its words, its standard input, and its variables besides the environment."""
    return CliRunner(env=variables).invoke(platformc, [str(word) for word in words], input=input)
