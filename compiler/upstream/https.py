"""Send HTTP requests that never leave HTTPS, even by a redirect, and give no token to another server."""

from __future__ import annotations

from collections.abc import Mapping
from http.client import HTTPMessage, HTTPResponse
from socket import EAI_AGAIN, gaierror
from ssl import SSLCertVerificationError
from typing import IO, cast
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")  # servers on this machine, which plain HTTP reaches
_NO_HEADERS: Mapping[str, str] = {}
_TIMEOUT = 60  # seconds


class Encrypted(HTTPRedirectHandler):
    """Follow redirects only to HTTPS: on plain HTTP, others could change the answer on the way."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        if req.type == "https" and not newurl.startswith("https://"):
            raise OSError(f"{req.host} sends on to an address that is not https")
        redirected = super().redirect_request(req, fp, code, msg, headers, newurl)
        if redirected and redirected.host != req.host:
            redirected.remove_header("Authorization")  # another server must not get the token
        return redirected


def unreachable(error: Exception) -> str | None:
    """The reason that a server cannot be reached; None for an error of a server that answers."""
    if isinstance(error, HTTPError) or not isinstance(
        error, (URLError, TimeoutError, ConnectionError)
    ):
        return None
    reason = error.reason if isinstance(error, URLError) else error
    match reason:
        case gaierror(errno=code) if code == EAI_AGAIN:
            return "no name server answers"
        case gaierror():
            return "no such host"
        case SSLCertVerificationError():
            return f"its certificate is not trusted here: {reason.verify_message}"
        case ConnectionRefusedError():
            return "it refuses connections"
        case TimeoutError():
            return f"no answer within {_TIMEOUT} seconds"
    return str(reason) or type(reason).__name__


def ask(url: str, headers: Mapping[str, str] = _NO_HEADERS, method: str = "GET") -> HTTPResponse:
    """Open an address whose scheme, `http` or `https`, the caller has checked."""
    request = Request(url, headers=dict(headers), method=method)  # noqa: S310  # http or https
    return cast(HTTPResponse, build_opener(Encrypted).open(request, timeout=_TIMEOUT))
