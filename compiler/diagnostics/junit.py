"""Render diagnostics as a JUnit report: a test case for each, or a single passed one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from xml.sax.saxutils import escape, quoteattr

from compiler.diagnostics import Diagnostic, Severity
from compiler.diagnostics.masking import Words, messages_masked, no_words
from compiler.text import printable


def render(
    diagnostics: Iterable[Diagnostic], sources: Mapping[str, str], words: Words = no_words
) -> str:
    masked = messages_masked(diagnostics, sources, words)
    failures = sum(diagnostic.severity is Severity.ERROR for diagnostic in masked)
    cases = [_case(diagnostic) for diagnostic in masked] or [
        '  <testcase classname="platformc" name="spec"/>\n'
    ]
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<testsuite name="platformc" tests="{len(cases)}" failures="{failures}" errors="0">\n'
        f"{''.join(cases)}</testsuite>\n"
    )


def _case(diagnostic: Diagnostic) -> str:
    """An error is a failure. A warning or note is a passed test with output."""
    position = (
        f"{diagnostic.span.file}:{diagnostic.span.line}:{diagnostic.span.column}"
        if diagnostic.span
        else "spec"
    )
    attributes = f"classname={_attribute(diagnostic.code)} name={_attribute(position)}"
    lines = [
        printable(diagnostic.message),
        *(f"help: {printable(line)}" for line in diagnostic.help),
    ]
    text = escape("\n".join(lines))
    if diagnostic.severity is Severity.ERROR:
        message = _attribute(diagnostic.message)
        inner = (
            f"    <failure type={_attribute(diagnostic.code)} message={message}>{text}</failure>\n"
        )
    else:
        inner = f"    <system-out>{text}</system-out>\n"
    return f"  <testcase {attributes}>\n{inner}  </testcase>\n"


def _attribute(text: str) -> str:
    return quoteattr(printable(text))
