"""Ask kubectl, for the commands that look at a cluster."""

from __future__ import annotations

import subprocess  # kubectl's answers; arguments are lists, no shell takes part

from compiler.commands.output import fail
from compiler.delivery.answers import Ask


def asking(context: str | None) -> Ask:
    """A function that runs kubectl in a context, by default the current one."""
    front = ["kubectl", *(["--context", context] if context else [])]

    def ask(words: list[str], text: str) -> tuple[int, str, str]:
        try:
            answer = subprocess.run(  # noqa: S603  # a list, no shell
                [*front, *words],
                input=text,
                capture_output=True,
                text=True,
                check=False,
                errors="replace",
            )
        except FileNotFoundError:
            fail("kubectl is not on the PATH")
        return answer.returncode, answer.stdout, answer.stderr

    return ask
