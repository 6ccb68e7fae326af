"""NIST PKITS: every published test description, on our own engine; expectations in ``pkits.csv``."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from trust.validation.certificate import Certificate, read_certificate
from trust.validation.crl import Crl, read_crl
from trust.validation.judge import Material, Question, judge
from trust.validation.path import ANY_POLICY, Parameters
from trust.validation.profile import PROFILES, ProfileName
from trust.validation.verdict import Outcome

vectors = pytest.importorskip("cryptography_vectors", reason="pip install cryptography-vectors")
DATA = Path(vectors.__file__).parent / "x509" / "PKITS_data"
CASES = list(csv.DictReader((Path(__file__).parent / "pkits.csv").read_text().splitlines()))
POLICY = "2.16.840.1.101.3.2.1.48."


@cache
def certificates() -> dict[str, Certificate]:
    return {path.stem: read_certificate(path.read_bytes()) for path in sorted((DATA / "certs").glob("*.crt"))}


@cache
def lists() -> tuple[Crl, ...]:
    return tuple(read_crl(path.read_bytes()) for path in sorted((DATA / "crls").glob("*.crl")))


def question(case: dict[str, str], profile: ProfileName) -> Question:
    now = datetime.now(UTC)
    wanted = frozenset(POLICY + number for number in case["policies"].split()) or frozenset({ANY_POLICY})
    flags = case["flags"]
    given = Parameters(now, PROFILES[profile], wanted, "e" in flags, "m" in flags, "a" in flags)
    return Question(given, now, revocation=True)


def outcome(case: dict[str, str], profile: ProfileName) -> Outcome:
    found = certificates()
    pool = tuple(certificate for name, certificate in found.items() if not name.endswith("EE"))
    material = Material((found["TrustAnchorRootCertificate"],), pool, lists())
    return judge(found[case["certificate"]], material, question(case, profile)).outcome


def test_the_table_holds_every_end_entity_of_the_suite() -> None:
    suite = {path.stem for path in (DATA / "certs").glob("*EE.crt")}
    assert {case["certificate"] for case in CASES} == suite
    assert len(CASES) >= 240


@pytest.mark.parametrize("profile", [ProfileName.PATH, ProfileName.RFC5280])
@pytest.mark.parametrize("case", CASES, ids=lambda case: "-".join(case.values()))
def test_verdict_is_the_published_one(case: dict[str, str], profile: ProfileName) -> None:
    assert (outcome(case, profile) is Outcome.VALID) == (case["expected"] == "valid")
