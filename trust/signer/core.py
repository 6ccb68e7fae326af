"""The signer's operations, each with typed arguments. There is none that signs what it is given.

Sealed until enough shares came in: everything that needs a key answers ``UNAVAILABLE``, everything else works. What
founds authorities or names approvers needs shareholders present (``console``), so that no other process can do it.
"""

from __future__ import annotations

import base64
import fcntl
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from infra.clock import Clock
from infra.errors import AppError, ErrorKind
from infra.records import Records
from trust.ca import listing
from trust.ca.authority import Authority, resolve
from trust.ca.found import Founder
from trust.ca.pki import open_pki
from trust.ca.profile import profiles
from trust.ca.relay import Relay
from trust.keys.software import SoftwareKeys
from trust.registration.desk import Desk, Filed
from trust.signer import orders
from trust.signer.checkpoint import Checkpoints
from trust.signer.console import Console
from trust.signer.seals import MODEL, PACKAGE, WEIGHTS, Seals
from trust.trustlist.status import StatusStore

log = logging.getLogger(__name__)
Operation = tuple[type[Any], Callable[[Any], Any]]


class SignerCore:
    """Keys, PKI database, registration desk and the way to the ledger, behind named operations."""

    def __init__(self, folder: Path, clock: Clock, site: Records | None = None) -> None:
        self._lock = _alone(folder)
        self._clock = clock
        self.keys = SoftwareKeys(folder / "keys")
        self.pki = open_pki(folder / "pki.db")
        self.founder = Founder(self.pki, self.keys, clock)
        self.desk = Desk(self.pki, self.founder, clock)
        self.relay = Relay(self.pki, site) if site is not None else None
        self.status = StatusStore(site, clock) if site is not None else None
        self.checkpoints = Checkpoints(folder / "checkpoint", site, clock) if site is not None else None
        self.models = Seals(folder / "models", MODEL)
        self.packages = Seals(folder / "packages", PACKAGE)
        self.weights = Seals(folder / "weights", WEIGHTS)
        self.resolved = resolve(self.pki, clock)
        self.desk.mend()
        self.console = Console(self.keys, self.founder, self.desk)
        self._operations: dict[str, Operation] = {**self._asking(), **self._working()}

    def _asking(self) -> dict[str, Operation]:
        nothing = orders.Nothing
        return {
            "status": (nothing, self._status),
            "authorities": (nothing, self._authorities),
            "profiles": (nothing, lambda _: _profiles()),
            "approvers": (nothing, lambda _: [_encoded(row) for row in self.desk.approvers()]),
            "requests": (orders.Listed, lambda given: [_plain(filed) for filed in self.desk.all(given.state)]),
            "examine": (orders.Examine, lambda given: self.desk.examine(given.request)),
            "certificates": (orders.Certificates, self._certificates),
            "expiry": (nothing, lambda _: listing.expiry(self.pki, self._clock.now())),
            "lists": (nothing, lambda _: [_encoded(row) for row in listing.newest_lists(self.pki)]),
            "fetch": (orders.Fetch, self._fetch),
        }

    def _working(self) -> dict[str, Operation]:
        return {
            "unlock": (orders.Share, self._unlock),
            "submit": (orders.Submit, self._submit),
            "renew": (orders.Renew, self._renew),
            "decide": (orders.Decide, self._decide),
            "issue": (orders.Issue, self._issue),
            "revoke": (orders.Revoke, self._revoke),
            "publish": (orders.Publish, self._publish),
            "checkpoint": (orders.Nothing, self._checkpoint),
            "model": (orders.Model, lambda given: self.models.seal(card=given.card, body=given.body)),
            "package": (orders.Digests, lambda given: self.packages.seal(sha256=given.sha256, sm3=given.sm3)),
            "weights": (orders.Digests, lambda given: self.weights.seal(sha256=given.sha256, sm3=given.sm3)),
            "console": (orders.Console, self._console),
        }

    def close(self) -> None:
        """Forget the keys and let go of the database."""
        self.keys.lock()
        self.pki.close()
        self._lock.close()

    def handle(self, operation: str, arguments: Any) -> Any:
        """The answer of one operation as plain values; ``AppError`` otherwise."""
        found = self._operations.get(operation)
        if found is None:
            raise AppError(ErrorKind.INVALID, "trust.signer.operation_unknown", operation=operation[:40])
        shape, work = found
        try:
            given = msgspec.convert(arguments, shape)
        except msgspec.ValidationError as error:
            raise AppError(
                ErrorKind.INVALID, "trust.signer.arguments_wrong", operation=operation, problem=str(error)[:200]
            ) from None
        answer = work(given)
        self.carry()
        return answer

    def handle_named(self, operation: str, **arguments: Any) -> Any:
        """``handle`` with named arguments, as the client offers it."""
        return self.handle(operation, arguments)

    def carry(self) -> None:
        """Carry waiting audit rows to the ledger."""
        if self.relay is not None:
            self.relay.carry()

    def _status(self, _: orders.Nothing) -> dict[str, Any]:
        known = self.keys.keys()
        return {
            "initialised": self.keys.initialised,
            "sealed": self.keys.sealed,
            "abandoned": self.resolved,
            "shares_needed": self.keys.threshold,
            "keys": [{"id": key.id, "label": key.label, "custody": str(key.custody)} for key in known],
        }

    def _unlock(self, given: orders.Share) -> dict[str, Any]:
        missing = self.keys.unlock(given.share)
        self.publish_due()
        return {"missing": missing, "sealed": self.keys.sealed}

    def _console(self, given: orders.Console) -> Any:
        """The console's work; an authority it founds has its lists at once, for its certificates name them."""
        answer = self.console.work(given)
        self.publish_due()
        return answer

    def _authorities(self, _: orders.Nothing) -> list[dict[str, Any]]:
        counts = listing.counts(self.pki)
        return [{**_authority(one), **counts.get(one.id, {"issued": 0, "revoked": 0})} for one in self.founder.all()]

    def _certificates(self, given: orders.Certificates) -> dict[str, Any]:
        wanted = listing.Wanted(**{name: getattr(given, name) for name in orders.Certificates.__struct_fields__})
        total, rows = listing.certificates(self.pki, wanted)
        return {"total": total, "items": rows}

    def _submit(self, given: orders.Submit) -> dict[str, Any]:
        csr = _decode(given.csr, "csr")
        return _plain(
            self.desk.submit(
                csr, given.authority, given.profile, given.asker, given.subject, given.names, given.replaces
            )
        )

    def _renew(self, given: orders.Renew) -> dict[str, Any]:
        csr = _decode(given.csr, "csr") if given.csr else b""
        return _plain(self.desk.renew(given.authority, given.serial, given.asker, csr))

    def _decide(self, given: orders.Decide) -> dict[str, Any]:
        return _plain(self.desk.decide(_decode(given.statement, "statement"), _decode(given.signature, "signature")))

    def _issue(self, given: orders.Issue) -> dict[str, Any]:
        issued = self.desk.issue(given.request, given.actor)
        return {"intent": issued.intent, "serial": f"{issued.serial:x}"}

    def _fetch(self, given: orders.Fetch) -> dict[str, Any]:
        """The certificate, once its ledger leaf is there; a signer without a ledger gives nothing out."""
        if self.relay is None:
            raise AppError(ErrorKind.UNAVAILABLE, "trust.ca.not_recorded")
        self.carry()
        return {"certificate": _encode(self.relay.release(given.intent))}

    def _revoke(self, given: orders.Revoke) -> dict[str, Any]:
        authority = self.founder.load(given.authority)
        authority.revoke(_serial(given.serial), given.reason, given.actor, given.invalid_since)
        part = _serial(given.serial) % authority.partitions
        crl = authority.publish(given.actor, part)
        return {"crl": _encode(crl), "partition": part, "ended": self._known(authority, crl, part)}

    def _publish(self, given: orders.Publish) -> dict[str, Any]:
        authority = self.founder.load(given.authority)
        crl = authority.publish(given.actor, given.partition, given.delta)
        return {"crl": _encode(crl), "ended": self._known(authority, crl, given.partition)}

    def _known(self, authority: Authority, crl: bytes, part: int) -> int:
        """Hand a list of ours to the site at once: validators use it, sessions of what it names end."""
        if self.status is None:
            return 0
        issuers = [(authority.certificate, authority.sm2_id)]
        return int(self.status.take(crl, issuers, f"authority:{authority.id}/{part}", "signer")["ended"])

    def _checkpoint(self, _: orders.Nothing) -> dict[str, Any]:
        if self.checkpoints is None:
            raise AppError(ErrorKind.UNAVAILABLE, "trust.ca.not_recorded")
        return self.checkpoints.make()

    def publish_due(self) -> int:
        """Make every list that is missing or past half of its life; how many. Nothing while the keys are sealed."""
        if self.keys.sealed:
            return 0
        now, due = self._clock.now(), 0
        known = {(row["authority"], row["partition"]): row for row in listing.newest_lists(self.pki) if not row["base"]}
        for authority in self.founder.all():
            for part in range(authority.partitions):
                row = known.get((authority.id, part))
                if row is None or now > row["this_update"] + (row["next_update"] - row["this_update"]) / 2:
                    self._known(authority, authority.publish("signer", part), part)
                    due += 1
        return due


def _alone(folder: Path) -> Any:
    """Hold the PKI folder: two processes at it would resolve each other's open intents."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = (folder / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise AppError(ErrorKind.CONFLICT, "trust.signer.in_use", place=str(folder)) from None
    return lock


def _authority(one: Authority) -> dict[str, Any]:
    certificate = one.certificate
    return {
        "id": one.id,
        "name": one.name,
        "state": one.state,
        "parent": one.parent,
        "subject": certificate.label,
        "key": str(one.key.kind),
        "custody": str(one.key.custody),
        "not_before": certificate.not_before,
        "not_after": certificate.not_after,
        "fingerprint": certificate.fingerprint,
        "points": list(one.points),
        "certificate": _encode(certificate.der),
    }


def _profiles() -> list[dict[str, Any]]:
    return [
        {
            "name": name, "title_zh": one.title_zh, "title_en": one.title_en, "days": one.days,
            "approvals": one.approvals, "ca": one.ca, "names": list(one.names), "required": list(one.required),
        }
        for name, one in profiles().items()
    ]  # fmt: skip


def _encoded(row: dict[str, Any]) -> dict[str, Any]:
    return {str(key): _encode(value) if isinstance(value, bytes) else value for key, value in row.items()}


def _serial(text: str) -> int:
    try:
        return int(text.replace(":", ""), 16)
    except ValueError:
        raise AppError(ErrorKind.NOT_FOUND, "trust.ca.no_certificate", serial=text[:60]) from None


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _decode(text: str, field: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise AppError(ErrorKind.INVALID, "trust.trustlist.not_base64", place=field) from None


def _plain(filed: Filed) -> dict[str, Any]:
    return {name: getattr(filed, name) for name in Filed.__dataclass_fields__}
