"""Mutated certificates, lists and messages: no crash, no hang, and nothing altered is ever valid.

Every octet of a certificate or list is signed or must equal what is signed, so any change must be refused: the
oracle is the mathematics, not another parser. ``YAODUN_PROVE=full`` runs 100,000 mutations.
"""

from __future__ import annotations

import os
import random
import time

import pytest

from infra.errors import AppError
from tests.unit.trust.validation.adversarial import forge
from tests.unit.trust.validation.adversarial.forge import NOW
from tests.unit.trust.validation.test_request import LEAF, ROOT, message
from trust.validation.codes import Code
from trust.validation.request import Document, Request, answer, gather
from trust.validation.verdict import Outcome, Verdict

COUNT = 33_334 if os.environ.get("YAODUN_PROVE") == "full" else 150
TOP = forge.root("mutated root")
RSA_TOP = forge.root("mutated RSA root", owner=forge.rsa_key("mutated"))
ED_TOP = forge.root("mutated Ed25519 root", owner=forge.edwards_key("mutated"))
CERTIFICATES = [(top, forge.leaf(top)) for top in (TOP, RSA_TOP, ED_TOP)] + [(ROOT, LEAF)]


def mutate(data: bytes, chance: random.Random) -> bytes:
    """One to three changes: a bit, an octet, a cut, a repeated piece, a length octet."""
    out = bytearray(data)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(out))
        match chance.randrange(6):
            case 0:
                out[at] ^= 1 << chance.randrange(8)
            case 1:
                out[at] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, 0x30, 0x31, 0xA0))
            case 2:
                del out[at : at + chance.randint(1, 8)]
            case 3:
                out[at:at] = out[at : at + chance.randint(1, 16)]
            case 4:
                out[at:at] = bytes(chance.randint(1, 4))
            case 5:
                other = chance.randrange(len(out))
                out[at], out[other] = out[other], out[at]
        if not out:
            out = bytearray(b"\x00")
    return bytes(out)


def judged(request: Request) -> Verdict:
    started = time.thread_time()
    try:
        verdict = answer(gather(request))
    except AppError as error:
        pytest.fail(f"refused instead of judged: {error}")
    assert time.thread_time() - started < 2.0
    return verdict


def ask(data: bytes, anchor: bytes, **more: object) -> Request:
    return Request(documents=(Document("x", data),), now=NOW, at=NOW, anchors=Document("a", anchor), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(("top", "leaf"), CERTIFICATES, ids=["p256", "rsa", "ed25519", "sm2"])
def test_an_altered_certificate_is_never_valid(top: forge.Made, leaf: forge.Made) -> None:
    chance = random.Random(20261124)
    for _ in range(COUNT // 2):
        altered = mutate(leaf.der, chance)
        if altered != leaf.der:
            assert judged(ask(altered, top.der)).outcome is not Outcome.VALID, altered.hex()


def test_an_altered_list_is_never_used() -> None:
    top, leaf = CERTIFICATES[0]
    listed = forge.crl(top, [forge.entry(7), forge.entry(8, reason=1)])
    chance = random.Random(7)
    for _ in range(COUNT // 2):
        altered = mutate(listed, chance)
        if altered != listed:
            verdict = judged(ask(leaf.der, top.der, crls=(Document("crl", altered),)))
            assert verdict.outcome is not Outcome.VALID, altered.hex()
            assert any(reason.code is Code.REVOCATION_UNKNOWN for reason in verdict.reasons)


def test_an_altered_message_is_judged_without_a_crash() -> None:
    whole = message(b"a report of the inspection")
    chance = random.Random(11)
    for _ in range(COUNT // 2):
        altered = mutate(whole, chance)
        verdict = judged(ask(altered, ROOT.der, content=b"a report of the inspection"))
        assert verdict.outcome in tuple(Outcome)
        if verdict.outcome is Outcome.VALID:  # only what nobody signs may differ: versions and lists of algorithms
            assert judged(ask(altered, ROOT.der, content=b"another report")).outcome is not Outcome.VALID
