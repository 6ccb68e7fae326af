"""The adversarial chains: more than 250 cases in 12 categories, each answered rightly and within a second."""

from __future__ import annotations

import base64
import time
from collections import Counter

import pytest

from infra.errors import AppError
from tests.unit.trust.validation.adversarial import CASES
from tests.unit.trust.validation.adversarial.case import Case, Chain
from tests.unit.trust.validation.adversarial.forge import NOW
from trust.validation.profile import ProfileName
from trust.validation.request import Document, Request, answer, gather
from trust.validation.verdict import Outcome, Verdict


def pem(der: bytes) -> bytes:
    return b"-----BEGIN CERTIFICATE-----\n" + base64.b64encode(der) + b"\n-----END CERTIFICATE-----\n"


def verdict_of(chain: Chain) -> Verdict:
    documents = [Document("leaf", pem(chain.leaf.der))]
    documents += [Document(f"pool {i}", pem(made.der)) for i, made in enumerate(chain.pool)]
    request = Request(
        documents=tuple(documents),
        now=NOW,
        at=NOW,
        anchors=Document("anchors", b"".join(pem(made.der) for made in chain.anchors)),
        crls=tuple(Document(f"crl {i}", der) for i, der in enumerate(chain.crls)),
        name=chain.name,
        usage=chain.usage,
        policies=chain.policies,
        require_explicit=chain.require_explicit,
        inhibit_mapping=chain.inhibit_mapping,
        inhibit_any=chain.inhibit_any,
        max_depth=chain.max_depth,
        profile=ProfileName(chain.profile),
    )
    return answer(gather(request))


def test_the_suite_is_as_large_as_promised() -> None:
    assert len(CASES) >= 250
    assert len(Counter(case.category for case in CASES)) >= 12
    assert len({case.id for case in CASES}) == len(CASES)
    assert all(case.clause for case in CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(case: Case) -> None:
    chain = case.build()
    started = time.thread_time()
    try:
        verdict = verdict_of(chain)
    except AppError as error:
        pytest.fail(f"refused instead of judged: {error}")
    assert time.thread_time() - started < 1.0
    assert (verdict.outcome is Outcome.VALID) == case.good, verdict.reasons
    assert verdict.outcome is Outcome.VALID or any(not reason.advice for reason in verdict.reasons)
