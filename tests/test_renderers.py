"""One finding in each format: its readers must be able to read it."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest
import xmlschema
from click.testing import CliRunner, Result
from support.diagnosing import HEADER, diagnosed
from support.goldens import GOLDENS, golden_names
from support.paths import TESTS

from compiler.cli import platformc
from compiler.diagnostics import Diagnostic, github, junit, sarif
from compiler.diagnostics.masking import messages_masked
from compiler.document.span import Span
from compiler.text import printable

WRONG = HEADER + "spec:\n  components:\n    minio: {replicas: 2}\n    mlfow: {}\n"
WARNED = HEADER + "spec:\n  components:\n    minio: {}\n"
FINE = HEADER + "spec:\n  components:\n    postgres: {}\n"
HOSTILE = HEADER + 'spec:\n  domain: "x]]>\\n::error::%0A\\u0007\\" <b>&"\n'


def validate(folder: Path, spec: str, form: str) -> Result:
    path = folder / "platform.yaml"
    path.write_text(spec, encoding="utf-8")
    return CliRunner().invoke(platformc, ["validate", "-f", str(path), "--format", form])


@cache
def sarif_schema() -> jsonschema.Draft4Validator:
    text = (TESTS / "schemas" / "sarif-2.1.0-rtm.5.json").read_text(encoding="utf-8")
    return jsonschema.Draft4Validator(json.loads(text))


@cache
def junit_schema() -> xmlschema.XMLSchema:
    """Jenkins' own, as kubeconform 0.8 ships it among its tests."""
    return xmlschema.XMLSchema(str(TESTS / "schemas" / "junit-4.xsd"))


@pytest.mark.parametrize("spec", [WRONG, WARNED, FINE, HOSTILE])
def test_reports_fit_their_schemas(spec: str, tmp_path: Path) -> None:
    sarif_schema().validate(json.loads(validate(tmp_path, spec, "sarif").stdout))
    junit_schema().validate(validate(tmp_path, spec, "junit").stdout)


@pytest.mark.parametrize("name", golden_names())
def test_every_diagnostic_fits_the_schemas(name: str) -> None:
    actual = diagnosed((GOLDENS / name / "platform.yaml").read_bytes())
    sarif_schema().validate(json.loads(sarif.render(actual, {})))
    junit_schema().validate(junit.render(actual, {}))


@pytest.mark.parametrize("name", golden_names())
def test_github_reads_back_every_message(name: str) -> None:
    """A runner reads a command, by its rules of escaping, as we meant it."""
    actual = diagnosed((GOLDENS / name / "platform.yaml").read_bytes())
    commands = github.render(actual, {}).splitlines()
    assert len(commands) == len(actual)
    for command, diagnostic in zip(commands, messages_masked(actual, {}), strict=True):
        head, message = command.removeprefix("::").split("::", 1)
        kind, _, properties = head.partition(" ")
        pairs = dict(pair.split("=", 1) for pair in properties.split(","))
        assert kind == {"note": "notice"}.get(diagnostic.severity, diagnostic.severity)
        assert pairs["title"] == diagnostic.code
        shown = [printable(line) for line in (diagnostic.message, *diagnostic.help)]
        assert unescaped(message).split("\nhelp: ") == shown
        if diagnostic.span is not None:
            assert (pairs["line"], pairs["col"]) == (
                str(diagnostic.span.line),
                str(diagnostic.span.column),
            )


def unescaped(text: str) -> str:
    """As actions/runner reads the data of a command: `%25` last."""
    for written, meant in (("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        text = text.replace(written, meant)
    return text


def test_sarif_has_rule_and_region_of_each_result(tmp_path: Path) -> None:
    run = json.loads(validate(tmp_path, WRONG, "sarif").stdout)["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    results = {result["ruleId"]: result for result in run["results"]}
    assert set(results) == {"out-of-range", "unknown-type"}
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])
    location = results["out-of-range"]["locations"][0]["physicalLocation"]
    assert location["region"] == {"startLine": 6, "startColumn": 23, "endLine": 6, "endColumn": 24}


def test_sarif_uri_is_relative_and_quoted() -> None:
    actual = diagnosed(WRONG.encode())
    moved = json.loads(sarif.render(actual, {}))["runs"][0]["results"][0]["locations"][0]
    assert moved["physicalLocation"]["artifactLocation"]["uri"] == "platform.yaml"


def test_github_annotates_the_line() -> None:
    lines = github.render(diagnosed(WRONG.encode()), {}).splitlines()
    assert lines[0] == (
        "::error file=platform.yaml,line=6,col=23,endLine=6,title=out-of-range"
        "::MinIO runs on 1 server or on at least 4, not on 2%0Ahelp: write `replicas: 4`"
    )


def test_github_command_is_one_line_whatever_the_spec_holds() -> None:
    actual = diagnosed(HOSTILE.encode())
    lines = github.render(actual, {}).splitlines()
    assert len(lines) == len(actual)
    assert all(line.startswith("::error file=platform.yaml,line=5,") for line in lines)


@pytest.mark.parametrize("sign", ["\x1b]0;EVIL\x07", "\u202e", "\r", "##[error]"])
def test_github_log_shows_signs_that_steer_it_as_escapes(sign: str) -> None:
    span = Span(f"out/{sign}/a", 1, 1, 1, 1)
    finding = Diagnostic("foreign-file", f"`a{sign}b`", span, help=(f"help{sign}",))
    text = github.render([finding], {})
    assert sign not in text
    assert text.count("\n") == 1
    assert text.count("\\u") >= 3


@pytest.mark.parametrize(
    ("spec", "failures", "tests"), [(WRONG, 2, 2), (WARNED, 0, 1), (FINE, 0, 1)]
)
def test_junit_counts(spec: str, failures: int, tests: int) -> None:
    suite = ElementTree.fromstring(junit.render(diagnosed(spec.encode()), {}))
    assert (suite.tag, suite.get("failures"), suite.get("tests")) == (
        "testsuite", str(failures), str(tests),
    )  # fmt: skip
    assert len(suite.findall("testcase")) == tests
    assert len(suite.findall("testcase/failure")) == failures


def test_junit_is_xml_whatever_the_spec_holds() -> None:
    suite = ElementTree.fromstring(junit.render(diagnosed(HOSTILE.encode()), {}))
    assert any("x]]>" in (match.text or "") for match in suite.findall("testcase/failure"))


@pytest.mark.parametrize("form", ["text", "json", "sarif", "github", "junit"])
def test_results_of_validate_decide_the_status_and_go_where_they_are_read(
    form: str, tmp_path: Path
) -> None:
    for spec, status in ((WRONG, 1), (WARNED, 0), (FINE, 0)):
        result = validate(tmp_path, spec, form)
        assert result.exit_code == status
        if status:
            results, rest = (
                (result.stderr, result.stdout) if form == "text" else (result.stdout, result.stderr)
            )
            assert "out-of-range" in results
            assert rest == ""


def test_a_misspelt_format_is_answered_with_the_right_one(tmp_path: Path) -> None:
    result = validate(tmp_path, FINE, "sraif")
    assert result.exit_code == 2
    assert "did you mean `sarif`?" in result.stderr


def test_a_file_that_cannot_be_read_is_wrong_usage(tmp_path: Path) -> None:
    result = CliRunner().invoke(platformc, ["validate", "-f", str(tmp_path / "none.yaml")])
    assert (result.exit_code, result.stdout) == (2, "")
    assert "init" in result.stderr
