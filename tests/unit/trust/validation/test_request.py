"""Whole answers: evidence that replays, messages, bare signatures."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import orjson
import pytest

from infra.errors import AppError
from tests.unit.trust.validation.adversarial import forge
from tests.unit.trust.validation.adversarial.forge import NOW, oid, seq, t
from trust.crypto.curve import DEFAULT_ID
from trust.crypto.sm2 import PrivateKey
from trust.crypto.sm3 import sm3
from trust.validation.codes import Code
from trust.validation.evidence import replay, verify
from trust.validation.request import Document, Request, answer, gather
from trust.validation.verdict import Outcome

SM2_SM3 = seq(oid("1.2.156.10197.1.501"))


class Sm2Key(forge.Key):
    """A key of the forge that signs with SM2 under a user id."""

    def __init__(self, user_id: bytes = DEFAULT_ID) -> None:
        self.private, self.algorithm, self.user_id = PrivateKey.generate(), SM2_SM3, user_id

    @property
    def spki(self) -> bytes:
        algorithm = seq(oid("1.2.840.10045.2.1"), oid("1.2.156.10197.1.301"))
        return seq(algorithm, t(3, b"\x00" + self.private.public.point))

    def sign(self, data: bytes) -> bytes:
        return self.private.sign(data, self.user_id)


ROOT = forge.root("sm root", owner=Sm2Key())
LEAF = forge.leaf(ROOT, owner=Sm2Key())


def ask(first: bytes, *pool: bytes, anchors: bytes = ROOT.der, **more: Any) -> Request:
    documents = tuple(Document(f"file {i}", data) for i, data in enumerate((first, *pool)))
    return Request(documents=documents, now=NOW, at=NOW, anchors=Document("anchors", anchors), **more)


def codes(request: Request) -> list[Code]:
    return [reason.code for reason in answer(gather(request)).reasons if not reason.advice]


def test_an_sm2_chain_is_valid_under_its_id_only() -> None:
    assert codes(ask(LEAF.der)) == []
    assert Code.SIGNATURE_BAD in codes(ask(LEAF.der, sm2_id=b""))


def test_a_chain_signed_with_the_empty_id() -> None:
    top = forge.root("empty id", owner=Sm2Key(b""))
    made = forge.leaf(top, owner=Sm2Key(b""))
    assert codes(ask(made.der, anchors=top.der, sm2_id=b"")) == []
    assert Code.SIGNATURE_BAD in codes(ask(made.der, anchors=top.der))


def attribute(kind: str, value: bytes) -> bytes:
    return seq(oid(kind), t(0x31, value))


def message(
    content: bytes,
    *,
    chinese: bool = True,
    attributes: bool = True,
    detached: bool = False,
    digest: bytes | None = None,
    spoil: bool = False,
) -> bytes:
    """A signed message by the SM2 leaf, as GM/T 0010 or RFC 5652 writes it."""
    base = "1.2.156.10197.6.1.4.2." if chinese else "1.2.840.113549.1.7."
    algorithm = seq(oid("1.2.156.10197.1.401"), t(5))
    rows = sorted(
        [
            attribute("1.2.840.113549.1.9.3", oid(base + "1")),
            attribute("1.2.840.113549.1.9.4", t(4, digest or sm3(content))),
        ]
    )
    covered = t(0x31, *rows) if attributes else content
    signature = LEAF.key.sign(covered)
    if spoil:
        signature = LEAF.key.sign(b"something else")
    signer = seq(
        forge.num(1),
        seq(ROOT.subject, forge.num(LEAF.serial)),
        algorithm,
        t(0xA0, *rows) if attributes else b"",
        seq(oid("1.2.156.10197.1.301.1"), t(5)),
        t(4, signature),
    )
    encapsulated = seq(oid(base + "1"), b"" if detached else t(0xA0, t(4, content)))
    body = seq(forge.num(1), t(0x31, algorithm), encapsulated, t(0xA0, LEAF.der), t(0x31, signer))
    return seq(oid(base + "2"), t(0xA0, body))


@pytest.mark.parametrize("chinese", [True, False], ids=["gm", "rfc"])
@pytest.mark.parametrize("attributes", [True, False], ids=["attributes", "bare"])
def test_messages(chinese: bool, attributes: bool) -> None:
    whole = message(b"a report", chinese=chinese, attributes=attributes)
    assert codes(ask(whole)) == []
    assert codes(ask(whole, content=b"a report")) == []
    assert codes(ask(whole, content=b"another report")) == [Code.CONTENT_DIFFERS]
    detached = message(b"a report", chinese=chinese, attributes=attributes, detached=True)
    assert codes(ask(detached, content=b"a report")) == []
    assert codes(ask(detached)) == [Code.CONTENT_MISSING]
    assert codes(ask(detached, content=b"another report"))[0] in (Code.CONTENT_DIFFERS, Code.MESSAGE_SIGNATURE_BAD)


def test_spoiled_messages() -> None:
    assert codes(ask(message(b"x", digest=bytes(32)))) == [Code.CONTENT_DIFFERS]
    assert codes(ask(message(b"x", spoil=True))) == [Code.MESSAGE_SIGNATURE_BAD]
    whole = message(b"x")
    assert codes(ask(whole[:-1]))[0] is Code.UNREADABLE


def test_a_message_in_indefinite_lengths_is_read() -> None:
    inner = message(b"streamed")
    content = inner[inner.index(b"\x06") :]
    streamed = b"\x30\x80" + content + b"\x00\x00"
    assert codes(ask(streamed)) == []


def test_bare_signatures() -> None:
    signature = LEAF.key.sign(b"a challenge")
    assert codes(ask(signature, LEAF.der, content=b"a challenge")) == []
    assert codes(ask(base64.b64encode(signature), LEAF.der, content=b"a challenge")) == []
    assert codes(ask(signature, LEAF.der, content=b"another")) == [Code.MESSAGE_SIGNATURE_BAD]
    assert codes(ask(signature, LEAF.der)) == [Code.UNREADABLE]


def test_evidence_replays_to_the_same_verdict() -> None:
    for request in (ask(LEAF.der), ask(LEAF.der, name="other.cn"), ask(message(b"x")), ask(LEAF.der, sm2_id=b"")):
        verdict = verify(gather(request))
        carried = orjson.loads(orjson.dumps(verdict.evidence))
        found = replay(carried)
        assert found.same
        assert found.verdict.outcome is verdict.outcome


def test_altered_evidence_is_refused() -> None:
    evidence = orjson.loads(orjson.dumps(verify(gather(ask(LEAF.der))).evidence))
    for key, value in (("result", {}), ("parameters", {}), ("sha256", "0" * 64)):
        with pytest.raises(AppError):
            replay({**evidence, key: value})


def test_large_parts_are_named_by_hash_and_given_again() -> None:
    content = bytes(2 << 20)
    signature = LEAF.key.sign(content)
    verdict = verify(gather(ask(signature, LEAF.der, content=content)))
    assert verdict.outcome is Outcome.VALID
    assert "data" not in verdict.evidence["content"]
    with pytest.raises(AppError):
        replay(verdict.evidence)
    assert replay(verdict.evidence, {verdict.evidence["content"]["sha256"]: content}).same


def test_as_of_a_moment_before_the_revocation() -> None:
    revoked = forge.crl(ROOT, [forge.entry(LEAF.serial, days_ago=10)])
    crls = (Document("crl", revoked),)
    assert codes(ask(LEAF.der, crls=crls)) == [Code.REVOKED]
    earlier = Request(
        documents=(Document("leaf", LEAF.der),),
        now=NOW,
        at=NOW - timedelta(days=20),
        anchors=Document("anchors", ROOT.der),
        crls=crls,
    )
    assert codes(earlier) == []


def test_without_anchors_and_list_it_stays_open() -> None:
    request = Request(documents=(Document("leaf", LEAF.der),), now=NOW, at=NOW)
    assert codes(request) == [Code.NO_LIST]
