"""The compiler refuses objects that fit their schema and that an API server refuses.

`tests/live/test_apply.py` asks a real one about the same objects.
"""

from __future__ import annotations

import pytest
from support.invalid_deployments import deployment, refused

from compiler.kube.admission import refusals
from compiler.verify import problems


@pytest.mark.parametrize("reason", refused())
def test_what_fits_its_schema_and_is_refused(reason: str) -> None:
    manifest, pointer = refused()[reason]
    assert not list(problems(manifest))
    assert [refusal.at for refusal in refusals(manifest)] == [pointer]


def test_what_is_accepted() -> None:
    assert not list(refusals(deployment()))
