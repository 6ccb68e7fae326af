"""The signer's operations, each with typed arguments. There is none that signs what it is given.

Sealed until enough shares came in: everything that needs a key answers ``UNAVAILABLE``, everything else works.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from infra.clock import Clock
from infra.errors import AppError, ErrorKind
from infra.records import Records
from trust.ca.authority import resolve
from trust.ca.found import Founder
from trust.ca.pki import open_pki
from trust.ca.relay import Relay
from trust.keys.software import SoftwareKeys
from trust.registration.desk import Desk, Filed, RequestState


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No arguments."""


class Share(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One share of the master key, as text."""

    share: str


class Submit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A request: PKCS#10 in base64, where to, who asks."""

    csr: str
    authority: str
    profile: str
    asker: str
    subject: str = ""
    names: tuple[str, ...] = ()
    replaces: str = ""


class Listed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Requests in one state, or all."""

    state: RequestState | None = None


class Decide(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A signed approval or refusal, both parts in base64."""

    statement: str
    signature: str


class Issue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An approved request to issue."""

    request: str
    actor: str


class Fetch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A certificate to hand out."""

    intent: str


class Revoke(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A certificate to take back; serial in hexadecimal."""

    authority: str
    serial: str
    reason: str
    actor: str
    invalid_since: datetime | None = None


class Publish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A list to publish."""

    authority: str
    actor: str
    partition: int = 0
    delta: bool = False


class SignerCore:
    """Keys, PKI database, registration desk and the way to the ledger, behind named operations."""

    def __init__(self, folder: Path, clock: Clock, site: Records | None = None) -> None:
        self.keys = SoftwareKeys(folder / "keys")
        self.pki = open_pki(folder / "pki.db")
        self.founder = Founder(self.pki, self.keys, clock)
        self.desk = Desk(self.pki, self.founder, clock)
        self.relay = Relay(self.pki, site) if site is not None else None
        self.resolved = resolve(self.pki, clock)
        self.desk.mend()
        self._operations: dict[str, tuple[type[Any], Callable[[Any], Any]]] = {
            "status": (Nothing, self._status),
            "unlock": (Share, self._unlock),
            "authorities": (Nothing, self._authorities),
            "submit": (Submit, self._submit),
            "requests": (Listed, lambda given: [_plain(filed) for filed in self.desk.all(given.state)]),
            "decide": (Decide, self._decide),
            "issue": (Issue, self._issue),
            "fetch": (Fetch, self._fetch),
            "revoke": (Revoke, self._revoke),
            "publish": (Publish, self._publish),
        }

    def close(self) -> None:
        """Forget the keys and let go of the database."""
        self.keys.lock()
        self.pki.close()

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

    def _status(self, _: Nothing) -> dict[str, Any]:
        known = self.keys.keys()
        return {
            "initialised": self.keys.initialised,
            "sealed": self.keys.sealed,
            "abandoned": self.resolved,
            "keys": [{"id": key.id, "label": key.label, "custody": str(key.custody)} for key in known],
        }

    def _unlock(self, given: Share) -> dict[str, Any]:
        missing = self.keys.unlock(given.share)
        return {"missing": missing, "sealed": self.keys.sealed}

    def _authorities(self, _: Nothing) -> list[dict[str, Any]]:
        return [
            {
                "id": authority.id,
                "name": authority.name,
                "subject": authority.certificate.label,
                "key": str(authority.key.kind),
                "custody": str(authority.key.custody),
                "not_after": authority.certificate.not_after,
                "certificate": _encode(authority.certificate.der),
            }
            for authority in self.founder.all()
        ]

    def _submit(self, given: Submit) -> dict[str, Any]:
        csr = _decode(given.csr, "csr")
        return _plain(
            self.desk.submit(
                csr, given.authority, given.profile, given.asker, given.subject, given.names, given.replaces
            )
        )

    def _decide(self, given: Decide) -> dict[str, Any]:
        return _plain(self.desk.decide(_decode(given.statement, "statement"), _decode(given.signature, "signature")))

    def _issue(self, given: Issue) -> dict[str, Any]:
        issued = self.desk.issue(given.request, given.actor)
        return {"intent": issued.intent, "serial": f"{issued.serial:x}"}

    def _fetch(self, given: Fetch) -> dict[str, Any]:
        """The certificate, once its ledger leaf is there; a signer without a ledger gives nothing out."""
        if self.relay is None:
            raise AppError(ErrorKind.UNAVAILABLE, "trust.ca.not_recorded")
        self.carry()
        return {"certificate": _encode(self.relay.release(given.intent))}

    def _revoke(self, given: Revoke) -> dict[str, Any]:
        authority = self.founder.load(given.authority)
        authority.revoke(_serial(given.serial), given.reason, given.actor, given.invalid_since)
        part = _serial(given.serial) % authority.partitions
        return {"crl": _encode(authority.publish(given.actor, part)), "partition": part}

    def _publish(self, given: Publish) -> dict[str, Any]:
        authority = self.founder.load(given.authority)
        return {"crl": _encode(authority.publish(given.actor, given.partition, given.delta))}


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
