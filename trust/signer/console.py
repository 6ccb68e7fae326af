"""Work that needs shareholders present: founding, rekeying and cross-certifying authorities, naming approvers.

In: the work, its arguments, enough shares of the master key.  Out: what was made. Whoever cannot show the shares (a
compromised web process, a stolen token) cannot do any of it, over the socket or otherwise.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import msgspec

from infra.errors import AppError, ErrorKind
from trust.ca.authority import Authority
from trust.ca.found import Foundation, Founder
from trust.ca.limits import name_limits
from trust.crypto.algorithm import load_key
from trust.keys.software import SoftwareKeys
from trust.registration.desk import Desk
from trust.signer import orders

ACTOR = "console"


class Console:
    """The console of one signer."""

    def __init__(self, keys: SoftwareKeys, founder: Founder, desk: Desk) -> None:
        self._keys, self._founder, self._desk = keys, founder, desk
        self._works: dict[str, tuple[type[Any], Callable[[Any], dict[str, Any]]]] = {
            "found": (orders.Found, self._found),
            "rekey": (orders.Rekey, self._rekey),
            "cross": (orders.Cross, self._cross),
            "approver": (orders.Approver, self._approver),
            "drop_approver": (orders.Leaving, self._drop),
            "seal": (orders.Nothing, self._seal),
        }

    def work(self, given: orders.Console) -> dict[str, Any]:
        """Do it, once the shares prove enough shareholders; ``AppError(FORBIDDEN)`` otherwise."""
        found = self._works.get(given.work)
        if found is None:
            raise AppError(ErrorKind.INVALID, "trust.signer.operation_unknown", operation=given.work[:40])
        shape, work = found
        try:
            arguments = msgspec.convert(given.arguments, shape)
        except msgspec.ValidationError as error:
            raise AppError(
                ErrorKind.INVALID, "trust.signer.arguments_wrong", operation=given.work, problem=str(error)[:200]
            ) from None
        self._keys.prove(given.shares)
        return work(arguments)

    def _found(self, given: orders.Found) -> dict[str, Any]:
        plan = Foundation(
            name=given.name, subject=given.subject, kind=given.kind, points=given.points, partitions=given.partitions,
            days=given.days, limits=name_limits(given.permitted, given.excluded),
        )  # fmt: skip
        if given.parent:
            return _made(self._founder.subordinate(self._founder.load(given.parent), plan, ACTOR))
        return _made(self._founder.root(plan, ACTOR))

    def _rekey(self, given: orders.Rekey) -> dict[str, Any]:
        new, links = self._founder.rekey(self._founder.load(given.authority), ACTOR)
        return {**_made(new), "links": [{"intent": one.intent, "serial": f"{one.serial:x}"} for one in links]}

    def _cross(self, given: orders.Cross) -> dict[str, Any]:
        limits = name_limits(given.permitted, given.excluded)
        foreign = _octets(given.certificate)
        issued = self._founder.cross(self._founder.load(given.authority), foreign, limits, ACTOR)
        return {"intent": issued.intent, "serial": f"{issued.serial:x}"}

    def _approver(self, given: orders.Approver) -> dict[str, Any]:
        spki = _octets(given.spki)
        if load_key(spki) is None:
            raise AppError(ErrorKind.INVALID, "trust.registration.approver_key")
        self._desk.add_approver(given.name, spki, ACTOR)
        return {"approver": given.name}

    def _drop(self, given: orders.Leaving) -> dict[str, Any]:
        self._desk.drop_approver(given.name, ACTOR)
        return {"approver": given.name, "active": False}

    def _seal(self, _: orders.Nothing) -> dict[str, Any]:
        self._keys.lock()
        return {"sealed": True}


def _made(authority: Authority) -> dict[str, Any]:
    return {
        "id": authority.id,
        "name": authority.name,
        "subject": authority.certificate.label,
        "fingerprint": authority.certificate.fingerprint,
        "custody": str(authority.key.custody),
    }


def _octets(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise AppError(ErrorKind.INVALID, "trust.trustlist.not_base64", place="console") from None
