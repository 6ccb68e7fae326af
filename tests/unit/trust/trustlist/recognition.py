"""Authorities, lists and cases of mutual recognition, built by the forge (nothing of the validator's own)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.unit.trust.validation.adversarial import forge
from tests.unit.trust.validation.adversarial.forge import NOW, Made, cn, edwards_key, key, leaf, middle, root, rsa_key
from tests.unit.trust.validation.test_request import Sm2Key
from trust.crypto.sm2 import PrivateKey
from trust.keys.algorithm import sm2_spki
from trust.trustlist.entry import Entry, Publisher, Signature, SignedList, State, TrustList
from trust.trustlist.publish import History, to_sign
from trust.validation.request import Document, Request

DAY = timedelta(days=1)
PEOPLE = {name: PrivateKey.generate() for name in ("li", "wang", "zhao")}
PUBLISHERS = tuple(Publisher(name, sm2_spki(person.public.point)) for name, person in PEOPLE.items())

# Twelve authorities of different kinds.
RSA = root("RSA CA", owner=rsa_key("recognised"))
EC = root("EC CA")
ED = root("Ed25519 CA", owner=edwards_key("recognised"))
SM2 = root("SM2 CA", owner=Sm2Key())
EMPTY = root("SM2 CA with the empty id", owner=Sm2Key(b""))
OWN_ID = root("SM2 CA with its own id", owner=Sm2Key(b"province-7"))
OLD = root("EC CA, old key", subject=cn("Renewed CA"))
RENEWED = root("EC CA, new key", subject=cn("Renewed CA"))
EXPIRED = root("Expired CA", end=forge.when(NOW - 30 * DAY))
BRIDGE = root("Bridge CA")
MEMBER = root("Member of the bridge")
GB = root(
    "Old Chinese CA",
    subject=forge.seq(
        forge.rdn(forge.C, forge.printable("CN")),
        forge.rdn(forge.O, forge.t(20, "药品监督局".encode("gb18030"))),
        forge.rdn(forge.CN, forge.t(30, "老机构".encode("utf-16-be"))),
    ),
)
STRANGER = root("Stranger CA")


def entry(name: str, *anchors: Made, state: State = State.ACCEPTED, **more: Any) -> Entry:
    since = more.pop("since", NOW - 5 * 365 * DAY)
    return Entry(id=name, name=name, certificates=tuple(made.der for made in anchors), state=state, since=since, **more)


def version(
    entries: list[Entry],
    before: TrustList | None = None,
    *,
    issued: datetime = NOW - 100 * DAY,
    life: timedelta = 400 * DAY,
    **more: Any,
) -> TrustList:
    values: dict[str, Any] = {
        "version": before.version + 1 if before else 1,
        "issued": issued,
        "next_update": issued + life,
        "previous": before.sha256 if before else "",
        "threshold": 2,
        "publishers": PUBLISHERS,
        "entries": tuple(entries),
    }
    return TrustList(**{**values, **more})


def signed(made: TrustList, *people: str) -> SignedList:
    body = made.canonical()
    names = people or ("li", "wang")
    return SignedList(body, tuple(Signature(name, PEOPLE[name].sign(to_sign(body))) for name in names))


def history(
    *versions: list[Entry], start: datetime = NOW - 100 * DAY, step: timedelta = 30 * DAY, **more: Any
) -> History:
    documents, before = [], None
    for number, entries in enumerate(versions):
        before = version(entries, before, issued=start + number * step, **more)
        documents.append(signed(before))
    return History(documents)


@dataclass
class Scenario:
    """A named case: the list, what is asked, and the answer with its reason (empty: valid)."""

    name: str
    history: History
    leaf: Made
    reason: str = ""
    pool: list[Made] = field(default_factory=list)
    crls: list[bytes] = field(default_factory=list)
    ask: dict[str, Any] = field(default_factory=dict)
    outcome: str = ""

    def request(self) -> Request:
        documents = [Document("object", self.leaf.der), *(Document("pool", made.der) for made in self.pool)]
        crls = tuple(Document("crl", der) for der in self.crls)
        values = {"now": NOW, "at": NOW, **self.ask}
        return Request(documents=tuple(documents), crls=crls, **values)


__all__ = ["edwards_key", "key", "leaf", "middle"]
