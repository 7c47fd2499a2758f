"""Find the ends of the certificates by which clients verify servers, as of a given time."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime

from msgspec import Struct

DAY = 86400
SOON = 30 * DAY


class Ending(Struct, frozen=True):
    """A certificate, and the days until its end; negative if it has ended."""

    subject: str
    day: str
    days: int

    @property
    def ended(self) -> bool:
        return self.days < 0

    @property
    def soon(self) -> bool:
        return self.days * DAY < SOON


def endings(text: str, now: float) -> Iterator[Ending]:
    """The ends of the certificates in a text. Raises ssl.SSLError or ValueError if it has none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=text)
    for certificate in context.get_ca_certs():
        end = ssl.cert_time_to_seconds(str(certificate["notAfter"]))
        day = datetime.fromtimestamp(end, UTC).date().isoformat()
        yield Ending(_name(certificate["subject"]), day, int((end - now) // DAY))


def _name(subject: object) -> str:
    """The last, most exact part of a distinguished name: its common name."""
    parts = subject if isinstance(subject, tuple) else ()
    return str(parts[-1][-1][-1]) if parts else ""
