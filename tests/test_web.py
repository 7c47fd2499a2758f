"""A request over HTTPS is answered over HTTPS, redirects included."""

from __future__ import annotations

from http.client import HTTPMessage
from io import BytesIO
from urllib.request import Request

import pytest

from compiler.upstream.https import Encrypted

SAFE = "https://objects.example/release.yaml"


def sent_on(start: str, to: str) -> Request | None:
    request = Request(start)
    return Encrypted().redirect_request(request, BytesIO(), 302, "Found", HTTPMessage(), to)


@pytest.mark.parametrize(
    "to", ["http://objects.example/x", "ftp://objects.example/x", "file:///etc"]
)
def test_a_redirect_away_from_https_is_refused(to: str) -> None:
    with pytest.raises(OSError, match=r"releases.example sends on to an address that is not https"):
        sent_on("https://releases.example/release.yaml", to)


@pytest.mark.parametrize("start", ["https://releases.example/r", "http://127.0.0.1:5000/r"])
def test_others_are_followed(start: str) -> None:
    request = sent_on(start, SAFE)
    assert request is not None
    assert request.full_url == SAFE
