"""Settings that another one makes idle are warned of, unless an environment overrides one of the two."""

from __future__ import annotations

import pytest
from support.diagnosing import HEADER, diagnosed

ENVIRONMENT = "  environments:\n    dev: {components: {seaweedfs: "
FOUND = {
    "a default makes it idle": ("{copies: 3}", ""),
    "beside it": ("{replicas: 1, copies: 3}", ""),
    "both in an environment": ("{}", "{replicas: 1, copies: 3}"),
}
NOT_FOUND = {
    "another value": ("{replicas: 5, copies: 3}", ""),
    "for the other environments": ("{replicas: 5, copies: 3}", "{replicas: 1}"),
}


def found(base: str, override: str) -> list[str]:
    text = f"{HEADER}spec:\n  components:\n    postgres: {{}}\n    seaweedfs: {base}\n"
    text += f"{ENVIRONMENT}{override}}}}}\n" if override else ""
    return [
        finding.message for finding in diagnosed(text.encode()) if finding.code == "idle-setting"
    ]


@pytest.mark.parametrize("case", FOUND)
def test_found(case: str) -> None:
    assert found(*FOUND[case]) == ["`copies` of `seaweedfs` changes nothing with `replicas: 1`"]


@pytest.mark.parametrize("case", NOT_FOUND)
def test_not_found(case: str) -> None:
    assert found(*NOT_FOUND[case]) == []
