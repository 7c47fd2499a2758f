"""Check texts in PEM form: certificates and public keys."""

from __future__ import annotations

import base64
import re
from typing import Annotated

from compiler.files.next_to_spec import PATTERN
from compiler.spec.constraints import Exact, InvalidValue, Parser

PUBLIC_KEY = r"-----BEGIN PUBLIC KEY-----[A-Za-z0-9+/=\s]+-----END PUBLIC KEY-----"


def certificates(text: str) -> str:
    """Certificates that OpenSSL can read, and no secret key."""
    import ssl

    if "PRIVATE KEY" in text:
        message = "the certificates include a private key"
        raise InvalidValue(
            "invalid-value", message, "write the certificate alone, and replace that key"
        )
    try:
        ssl.create_default_context(cadata=text)
    except (ssl.SSLError, ValueError, TypeError) as error:  # TypeError: a character outside ASCII
        message = "these are no certificates in PEM form"
        help = "write `ca: |`, and below it the file that begins with `-----BEGIN CERTIFICATE-----`"
        raise InvalidValue("invalid-value", message, help) from error
    return text


def _no_path(text: str) -> str:
    """Certificates; a path in their place is refused with the form that names a file."""
    if re.fullmatch(PATTERN, text):
        message = "this is a path, and no certificate in PEM form"
        help = f"write `ca: {{file: {text}}}` for a file in the folder of the spec"
        raise InvalidValue("invalid-value", message, help)
    return certificates(text)


def _public_keys(text: str) -> str:
    """Public keys in PEM form, without a secret key. Each block is the DER of a SEQUENCE (RFC 5280)."""
    if "PRIVATE KEY" in text:
        message = "the keys include a private key"
        raise InvalidValue(
            "invalid-value", message, "write the public key alone, and replace that one"
        )
    blocks = re.findall(PUBLIC_KEY, text)
    if not blocks or not all(_is_sequence(block) for block in blocks):
        message = "these are no public keys in PEM form"
        help = (
            "write `keys: |`, and below it the file that begins with `-----BEGIN PUBLIC KEY-----`"
        )
        raise InvalidValue("invalid-value", message, help)
    return text


def _is_sequence(block: str) -> bool:
    try:
        return base64.b64decode("".join(block.split("-----")[2].split()), validate=True)[:1] == b"0"
    except ValueError:
        return False


_FORM = (
    r"\s*-----BEGIN CERTIFICATE-----\s[\w+/=\s-]*",
    "a certificate in PEM form", "write `ca: |`, and below it the file",
)  # fmt: skip
_EXAMPLE = "-----BEGIN CERTIFICATE-----\nMIIB...\n-----END CERTIFICATE-----\n"
CertificatesAsText = Annotated[str, Parser(_no_path, *_FORM, example=_EXAMPLE)]
CertificateFile = Annotated[str, Exact(PATTERN)]
PublicKeys = Annotated[
    str,
    Parser(
        _public_keys, r"\s*-----BEGIN PUBLIC KEY-----\s[\w+/=\s-]*",
        "a public key in PEM form", "write `keys: |`, and below it the file",
        example="-----BEGIN PUBLIC KEY-----\nMIIB...\n-----END PUBLIC KEY-----\n",
    ),
]  # fmt: skip
