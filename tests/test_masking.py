"""No credential in a message, a quoted line or a report, wherever the user put it."""

from __future__ import annotations

import pytest
from diagnosed import HEADER, diagnosed

from compiler.commands.shared import FORMATS
from compiler.diagnostics import github, json, junit, sarif, text

RENDERERS = {"text": text, "json": json, "sarif": sarif, "github": github, "junit": junit}
SECRET = "hunter2hunter2"
TOKEN = "AKIA" + "Q3EGRXWZ7JNM5DTK"  # of the form that AWS gives its key ids

HIDDEN = {
    "after an unknown key": f"spec:\n  components:\n    minio: {{rootPwd: {SECRET}}}\n",
    "after a misspelt key": f"spec:\n  components:\n    minio: {{pasword: {SECRET}}}\n",
    "beside a misspelt key": f"spec:\n  components:\n    minio: {{pasword: {SECRET}, replicas: x}}\n",
    "below an unknown key": f"spec:\n  components:\n    minio:\n      auth: {{user: a, pw: {SECRET}}}\n",
    "of a variable": (
        f"spec:\n  workloads:\n    w: {{image: 'a:1', env: {{DB_PASSWORD: {SECRET}, X: 1}}}}\n"
    ),
    "of a wrong value": f"spec:\n  secrets: {{provider: local, password: {SECRET}}}\n",
    "in a URL": f"spec:\n  domain: https://user:{SECRET}@example.com\n",
    "in a URI of a model": (
        f"spec:\n  models:\n    m: {{format: xgboost, uri: 'https://key:{SECRET}@minio/models'}}\n"
    ),
    "in a broken line": f"spec:\n  token: {SECRET}]\n  a: [\n",
    "in a text of several lines": f"spec:\n  privateKey: |\n    {SECRET}\n    \t{SECRET}: [\n   x\n",
    "in quotes that never close": f'spec:\n  password: "{SECRET}\n',
}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("case", sorted(HIDDEN))
def test_hidden(case: str, form: str) -> None:
    spec = HEADER + HIDDEN[case]
    found = diagnosed(spec.encode())
    assert found
    assert SECRET not in RENDERERS[form].render(found, {"platform.yaml": spec})


@pytest.mark.parametrize("form", FORMATS)
def test_token_is_hidden_by_its_form(form: str) -> None:
    spec = f"{HEADER}spec:\n  domain: {TOKEN}/x\n"
    rendered = RENDERERS[form].render(diagnosed(spec.encode()), {"platform.yaml": spec})
    assert TOKEN not in rendered
    assert "********" in rendered


def test_what_is_no_credential_is_shown() -> None:
    spec = (
        f"{HEADER}spec:\n  secrets: {{provider: vault}}\n  registry: {{pullSecrets: [Bad_Name]}}\n"
    )
    shown = text.render(diagnosed(spec.encode()), {"platform.yaml": spec})
    assert "`vault`" in shown
    assert "pullSecrets: [Bad_Name]" in shown
