"""Asking others: what begins with HTTPS stays with it, wherever it is sent on to."""

from __future__ import annotations

from http.client import HTTPMessage, HTTPResponse
from typing import IO, cast
from urllib.request import HTTPRedirectHandler, Request, build_opener

_TIMEOUT = 60  # seconds


class Encrypted(HTTPRedirectHandler):
    """Follows redirects, but not away from HTTPS: a mirror on the way could change the answer."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        if req.type == "https" and not newurl.startswith("https://"):
            raise OSError(f"{req.host} sends on to an address that is not https")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def ask(what: Request | str) -> HTTPResponse:
    """The answer of an address that the caller has looked at."""
    return cast(HTTPResponse, build_opener(Encrypted).open(what, timeout=_TIMEOUT))
