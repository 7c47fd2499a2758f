"""Diagnostics as a JUnit report: one test case for each, or one that passed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from xml.sax.saxutils import escape, quoteattr

from compiler.diagnostics import Diagnostic, Severity
from compiler.diagnostics.masking import messages_masked
from compiler.diagnostics.text import printable


def render(diagnostics: Iterable[Diagnostic], sources: Mapping[str, str]) -> str:
    found = [messages_masked(one) for one in diagnostics]
    failures = sum(one.severity is Severity.ERROR for one in found)
    cases = [_case(one) for one in found] or ['  <testcase classname="platformc" name="spec"/>\n']
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<testsuite name="platformc" tests="{len(cases)}" failures="{failures}" errors="0">\n'
        f"{''.join(cases)}</testsuite>\n"
    )


def _case(found: Diagnostic) -> str:
    """An error is a failure; anything else is a test that passed and had something to say."""
    where = f"{found.span.file}:{found.span.line}:{found.span.column}" if found.span else "spec"
    attributes = f"classname={_attribute(found.code)} name={_attribute(where)}"
    lines = [printable(found.message), *(f"help: {printable(line)}" for line in found.help)]
    text = escape("\n".join(lines))
    if found.severity is Severity.ERROR:
        message = _attribute(found.message)
        inner = f"    <failure type={_attribute(found.code)} message={message}>{text}</failure>\n"
    else:
        inner = f"    <system-out>{text}</system-out>\n"
    return f"  <testcase {attributes}>\n{inner}  </testcase>\n"


def _attribute(text: str) -> str:
    return quoteattr(printable(text))
