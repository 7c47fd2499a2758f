"""Turn the field `ca` of a section into the authority that clients get."""

from __future__ import annotations

from compiler.model import Authority, ConfigRef, SecretRef
from compiler.spec.authority import AuthoritySource
from compiler.spec.constraints import InvalidValue


def authority(ca: str | AuthoritySource | None) -> Authority | None:
    """The authority by which clients verify a server; None for a public one."""
    if isinstance(ca, AuthoritySource):
        return Authority(source=_reference(ca))
    return Authority(ca) if ca is not None else None


def _reference(source: AuthoritySource) -> ConfigRef | SecretRef:
    key = source.key or "ca.crt"
    if source.secret is not None:
        return SecretRef(source.secret, key)
    return ConfigRef(str(source.config_map), key)


def require_tls(ca: str | AuthoritySource | None, encrypted: bool) -> None:
    """Refuse an authority for a server without TLS, which shows no certificate."""
    if ca is not None and not encrypted:
        message = "`ca` verifies a server's certificate, which needs TLS"
        help = "delete `ca`, or the key that turns TLS off"
        raise InvalidValue("invalid-value", message, help, at="ca")
