"""A look around the trust room: what is about to go wrong, as findings (events) and as numbers (posture).

Certificates near their end and weak keys of ours and of the authorities we accept, lists of others that are stale, a
sudden rise of verification.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec

from infra.clock import rfc3339
from infra.errors import AppError
from infra.status import read_status
from trust.signer.client import answers, ask_signer
from trust.trustlist.entry import State
from trust.trustlist.publish import ListStore
from trust.trustlist.status import StatusStore
from trust.validation.certificate import Certificate, read_certificate
from yaodun.site import Site
from yaodun.trust.places import socket_of

NEAR = timedelta(days=30)
LEAST_BITS = {"rsa": 2048, "ec": 256, "sm2": 256, "dsa": 4096}
SPIKE_LEAST, SPIKE_TIMES = 300, 8.0
"""A spike: more verifications in a minute than this, and so many times the usual."""
_SMOOTHING = 0.1


class Finding(msgspec.Struct, frozen=True):
    """Something found: what (a stable action), about which thing, in words, and its event's fields."""

    action: str
    thing: str
    text: str
    severity: int
    fields: dict[str, Any] = {}


class Lookout:
    """Looks at one site."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._lists, self._status = ListStore(site.records, site.clock), StatusStore(site.records, site.clock)
        self._verified: tuple[datetime, int] | None = None
        self._usual = 0.0

    def findings(self, now: datetime) -> list[Finding]:
        """Everything found now."""
        return [*self.ending(now), *self.anchors_ending(now), *self.weak(), *self.stale(now), *self.spike(now)]

    def ending(self, now: datetime) -> Iterator[Finding]:
        """Our own certificates that end within a month."""
        for row in self._ask("certificates", revoked=False, before=rfc3339(now + NEAR), limit=1000).get("items", []):
            if datetime.fromisoformat(row["not_after"]) > now:
                fields = {
                    "x509.subject.distinguished_name": row["subject"], "x509.serial_number": row["serial"],
                    "x509.not_after": row["not_after"],
                }  # fmt: skip
                words = f"certificate {row['serial']} of {row['subject']} ends at {row['not_after']}; renew it"
                yield Finding("trust.certificate.near_expiry", row["fingerprint"], words, 3, fields)

    def anchors_ending(self, now: datetime) -> Iterator[Finding]:
        """Accepted authorities that end within three months."""
        for entry, certificate in self._anchors():
            if now < certificate.not_after < now + 3 * NEAR:
                words = f"accepted authority {entry}: {certificate.label} ends at {rfc3339(certificate.not_after)}"
                yield Finding("trust.authority.near_expiry", certificate.fingerprint, words, 5, _fields(certificate))

    def weak(self) -> Iterator[Finding]:
        """Accepted authorities with a key too short, or of a kind nobody should use."""
        for entry, certificate in self._anchors():
            key = certificate.key
            if key is None or key.bits < LEAST_BITS.get(str(key.kind), 0):
                kind = f"{key.kind}-{key.bits}" if key else "unknown"
                words = f"accepted authority {entry}: {certificate.label} has a weak key ({kind})"
                yield Finding("trust.key.weak", certificate.fingerprint, words, 7, _fields(certificate))

    def stale(self, now: datetime) -> Iterator[Finding]:
        """Lists past their next update, our own and other authorities'."""
        for row in self._status.stale(now):
            own = str(row["source"]).startswith("authority:")
            words = f"revocation list of {row['label']} should have been replaced at {rfc3339(row['next_update'])}"
            yield Finding("trust.crl.stale_own" if own else "trust.crl.stale", row["label"], words, 7 if own else 5)

    def spike(self, now: datetime) -> Iterator[Finding]:
        """A minute with many more verifications than usual."""
        total = int((read_status(self._site.home.run, "web") or {}).get("verifications", 0))
        before, self._verified = self._verified, (now, total)
        if before is None or total < before[1] or now <= before[0]:
            return
        rate = (total - before[1]) / ((now - before[0]).total_seconds() / 60)
        usual, self._usual = self._usual, (1 - _SMOOTHING) * self._usual + _SMOOTHING * rate
        if rate > max(SPIKE_LEAST, SPIKE_TIMES * usual):
            words = f"{rate:.0f} verifications a minute, usually {usual:.0f}"
            yield Finding("trust.verify.spike", rfc3339(now)[:13], words, 4)

    def problems(self, now: datetime) -> int | None:
        """How many findings there are now, spikes apart; None where there is nothing to look at."""
        anchors = list(self._anchors())
        if not anchors and not self._status.all() and not self._ask("certificates", limit=1).get("total", 0):
            return None
        return len([*self.ending(now), *self.anchors_ending(now), *self.weak(), *self.stale(now)])

    def _anchors(self) -> Iterator[tuple[str, Certificate]]:
        latest = self._lists.history().latest
        for entry in latest.entries if latest else ():
            if entry.state is State.ACCEPTED:
                for der in entry.certificates:
                    yield entry.name, read_certificate(der)

    def _ask(self, operation: str, **arguments: Any) -> dict[str, Any]:
        path = socket_of(self._site.home)
        if not answers(path):
            return {}
        try:
            found: dict[str, Any] = ask_signer(path, operation, **arguments)
            return found
        except AppError:
            return {}


def _fields(certificate: Certificate) -> dict[str, Any]:
    return {
        "x509.subject.distinguished_name": certificate.subject.text,
        "x509.serial_number": f"{certificate.serial:x}",
        "x509.not_after": rfc3339(certificate.not_after),
    }
