"""The door as Traefik has it, by Ingresses and by the Gateway API, and as Istio's gateway has it:
`behind_traefik.py` says how.

Anonymous requests get the login on each of MLflow's routes by seven methods, a user of the group gets in
and another does not, a token of a workload opens the model that it is for, and a cookie of
one host opens no other.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from live.istio_edge import EDGES
from live.test_login import ISSUER, LOGIN, METHODS

pytestmark = pytest.mark.live

TESTS = Path(__file__).parents[1]
# The others serve the same routes, in another of these two ways or by another of these two programs.
LIVE = {"ingress", "gateway-api-istio"}
KINDS = [
    kind if kind in LIVE else pytest.param(kind, marks=pytest.mark.soak)
    for kind in ("ingress", "gateway-api", *EDGES)
]


@pytest.fixture(scope="module", params=KINDS)
def observed(request: pytest.FixtureRequest) -> dict[str, Any]:
    command = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
               sys.executable, "-m", "live.behind_traefik", request.param]  # fmt: skip
    result = subprocess.run(command, cwd=TESTS, capture_output=True, text=True, timeout=540)
    assert result.returncode == 0, result.stderr[-6000:]
    observations: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return observations


def test_an_anonymous_request_gets_the_login_and_nothing_else(observed: dict[str, Any]) -> None:
    answers = observed["anonymous"]
    assert observed["routes"] > 100
    assert answers.keys() == {f"302 {LOGIN}", "401 "}, answers
    assert sum(answers.values()) == 2 * len(METHODS) * observed["routes"]


def test_a_user_of_the_group_gets_in_and_another_does_not(observed: dict[str, Any]) -> None:
    page, search, artifacts, cookies = observed["member"]
    assert page == "200 https://mlflow.ml.example.internal/ True"
    assert search == "200 ['Default']"
    assert artifacts == "200"
    assert cookies == "{'__Host-mlflow-login': (True, 'mlflow.ml.example.internal')}"
    refused = "403 https://mlflow.ml.example.internal/oauth2/callback False"
    assert observed["stranger"] == [refused, "302"]
    assert observed["logout"] == ["200", "302"]


def test_a_person_logs_in_sees_a_run_and_logs_out_in_a_browser(observed: dict[str, Any]) -> None:
    title, logged_out, page_after_logout = observed["chromium"]
    assert "MLflow" in title
    assert logged_out.startswith(ISSUER)
    assert page_after_logout.startswith(ISSUER)


def test_a_cookie_of_one_host_opens_no_other(observed: dict[str, Any]) -> None:
    assert observed["cookie"] == ["200 ", f"302 {LOGIN}", f"302 {LOGIN}"]


def test_a_token_of_a_workload_opens_the_model_that_it_is_for(observed: dict[str, Any]) -> None:
    opened = "200 churn-predictor /v1/models/churn:predict"
    assert observed["tokens"] == ["401 {}", opened, "401 {}", "403 {}"]


def test_plain_requests_are_sent_on_and_hidden_paths_stay_hidden(observed: dict[str, Any]) -> None:
    assert observed["outside"] == [
        "plain True",
        "minio /dvc-datasets/a/b",
        "iris-predictor /v1/models",
        "hidden True",
        "lakefs /api/v1/repositories",
        "lakefs /metrics-of-training/main/a",
        "private []",
    ]


def test_argo_knows_a_person_by_their_group(observed: dict[str, Any]) -> None:
    anonymous, page, before, person, rights, after = observed["argo"]
    assert anonymous == str({LOGIN})
    assert page == "200"
    assert before == "401"
    assert person == "['authors'] argo argo-workflows-read"
    assert rights == "[200, 403, 403]"
    assert after == "302"


def test_a_model_with_a_login_answers_users_of_its_groups(observed: dict[str, Any]) -> None:
    page, program, answer, stranger, with_cookie, at_another_host = observed["model"]
    assert (page, program) == (f"302 {LOGIN}", "401 ")
    assert answer == "wine-predictor /v1/models/wine:predict"
    assert stranger == "403"
    assert (with_cookie, at_another_host) == ("200", "302")
