"""Ask a container registry for the digest of an image (OCI distribution specification).

The requests are anonymous: if a registry requires a token, the token is requested without a credential.
Docker Hub's API has a different host.
"""

from __future__ import annotations

import re
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit

from compiler.document.other_files import json_value
from compiler.spec.image import full_name, split_image
from compiler.upstream.https import LOCAL_HOSTS, ask, unreachable

_HUB = ("docker.io", "registry-1.docker.io")
_KINDS = ", ".join(
    [
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    ]
)


_LONGEST = 2**20  # bytes of an answer with a token


class UnknownImageError(Exception):
    """The registry did not return the digest of an image."""


class UnreachableRegistryError(Exception):
    """The registry does not answer, whatever the image."""


def registry_of(image: str) -> str:
    """The host of the registry of an image, as image names have it."""
    return full_name(image).partition("/")[0]


def digest(image: str) -> str:
    """The digest of an image with a tag, as the registry reports it: `sha256:...`.

    Raises UnknownImageError, or UnreachableRegistryError if no image of this registry has a digest.
    """
    repository, tag, _ = split_image(full_name(image))
    host, _, path = repository.partition("/")
    host = _HUB[1] if host == _HUB[0] else host
    scheme = "http" if host.split(":")[0] in LOCAL_HOSTS else "https"
    try:
        reported = _head(f"{scheme}://{host}/v2/{path}/manifests/{tag}")
    except (OSError, ValueError) as error:
        if reason := unreachable(error):
            raise UnreachableRegistryError(f"{registry_of(image)}: {reason}") from error
        raise UnknownImageError(f"{image}: {error}") from error
    if not re.fullmatch(r"sha256:[0-9a-f]{64}", reported):
        raise UnknownImageError(f"{image}: the registry names no digest")
    return reported


def _head(url: str) -> str:
    headers = {"Accept": _KINDS}
    try:
        return _ask(url, headers)
    except HTTPError as error:
        challenge = error.headers.get("WWW-Authenticate", "")
        if error.code != 401 or not challenge.lower().startswith("bearer"):
            raise
        token = _token(challenge, local=url.startswith("http://"))
        return _ask(url, {**headers, "Authorization": f"Bearer {token}"})


def _ask(url: str, headers: dict[str, str]) -> str:
    with ask(url, headers, "HEAD") as answer:
        return str(answer.headers.get("Docker-Content-Digest", ""))


def _token(challenge: str, *, local: bool) -> str:
    """Request the token at the address in a registry's challenge.

    Only a registry on this machine may name another address on it: otherwise a distant registry could make
    this program send requests to local services.
    """
    fields = dict(re.findall(r'(\w{1,64})="([^"]{0,4096})"', challenge))
    realm = fields.pop("realm", "")
    address = urlsplit(realm)
    is_local = address.hostname in LOCAL_HOSTS
    if (is_local and not local) or (
        address.scheme != "https" and not (is_local and address.scheme == "http")
    ):
        raise OSError("the registry sends for a token to an address that is not https, or is local")
    try:
        with ask(f"{realm}?{urlencode(fields)}") as answer:
            body = json_value(answer.read(_LONGEST))
    except OSError as error:
        if reason := unreachable(error):
            raise OSError(f"the server of its tokens, {address.hostname}: {reason}") from error
        raise
    token = body.get("token") or body.get("access_token") if isinstance(body, dict) else None
    if not isinstance(token, str) or not re.fullmatch(r"[\x21-\x7e]+", token):
        raise OSError("the registry gives no token")
    return token
