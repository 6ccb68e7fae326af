"""Mutual recognition: more than 60 named scenarios over thirteen authorities, each with its reason and a replay."""

from __future__ import annotations

from datetime import timedelta

import orjson
import pytest

from tests.unit.trust.trustlist.recognition import (
    BRIDGE,
    DAY,
    EC,
    ED,
    EMPTY,
    EXPIRED,
    GB,
    MEMBER,
    OLD,
    OWN_ID,
    RENEWED,
    RSA,
    SM2,
    STRANGER,
    Scenario,
    entry,
    history,
)
from tests.unit.trust.validation.adversarial.forge import (
    CN,
    NOW,
    C,
    O,
    aki,
    cn,
    constraints,
    crl,
    dns,
    eku,
    ext,
    ip,
    key,
    leaf,
    mail,
    mappings,
    middle,
    name,
    points,
    policies,
    policy_constraints,
    rsa_key,
    san,
    seq,
    ski,
    t,
    usage,
    utf8,
    when,
)
from tests.unit.trust.validation.adversarial.forge import entry as revoked
from tests.unit.trust.validation.test_request import Sm2Key
from trust.trustlist.entry import Freshness, Mapping, Purpose, State
from trust.trustlist.recognise import from_bundle, recognise
from trust.validation.evidence import replay
from trust.validation.verdict import Outcome

USCC = "1.2.156.10260.4.4"
UNIT = (Mapping("extension", USCC, "uscc"), Mapping("subject", "2.5.4.5", "person"))
ALL = [
    entry("rsa", RSA),
    entry("ec", EC, mappings=UNIT),
    entry("ed", ED),
    entry("sm2", SM2, level=3, mappings=UNIT),
    entry("empty", EMPTY, sm2_id=""),
    entry("own-id", OWN_ID, sm2_id=b"province-7".hex()),
    entry("renewed", OLD, RENEWED),
    entry("expired", EXPIRED),
    entry("bridge", BRIDGE),
    entry("gb", GB),
]
LIST = history(ALL)


def with_entry(**changes: object) -> list[object]:
    """The full list with the EC authority's entry changed."""
    return [*(one for one in ALL if one.id != "ec"), entry("ec", EC, **changes)]  # type: ignore[arg-type]


def unit(code: str) -> bytes:
    return ext(USCC, utf8(code))


ec_leaf, sm2_leaf = leaf(EC, extra=[unit("91110000MA01")]), leaf(SM2, owner=Sm2Key(), extra=[unit("91110000MA01")])
person = leaf(EC, subject=name((C, "CN"), (CN, "Li"), ("2.5.4.5", "110101199001011234")))
crossed = middle(
    BRIDGE,
    "Member of the bridge",
    [policies("1.2.1"), mappings(("1.2.1", "1.2.9"))],
    owner=MEMBER.key,
    subject=MEMBER.subject,
)
member_leaf = leaf(MEMBER, extra=[policies("1.2.9")])
limited = middle(
    BRIDGE, "Member of the bridge", [constraints([dns("member.cn")])], owner=MEMBER.key, subject=MEMBER.subject
)
no_aki = leaf(EC, extensions=[usage(0), ski(key("leaf")), san(dns("leaf.example.cn"))])
by_directory = leaf(EC, extra=[points(t(0xA0, t(0xA0, t(0xA4, cn("list place")))))])
listed_there = ext("2.5.29.28", seq(t(0xA0, t(0xA0, t(0xA4, cn("list place"))))), critical=True)
service = middle(EC, "list service", extensions=[usage(6), ski(key("list service")), aki(EC.key)])
indirect_leaf = leaf(EC, extra=[points(t(0xA2, t(0xA4, cn("list service"))))])
indirect_flag = ext("2.5.29.28", seq(t(0x84, b"\xff")), critical=True)
named_issuer = ext("2.5.29.29", seq(t(0xA4, EC.subject)), critical=True)
indirect_list = crl(service, [revoked(indirect_leaf.serial, extensions=[named_issuer])], extensions=[indirect_flag])
sub = middle(EC, "Hospital CA")
sub_leaf = leaf(sub)
wide = leaf(EC, names=[dns("a.drug.cn"), dns("b.drug.cn")])
YEAR = 365 * DAY
withdrawn = history(ALL, with_entry(state=State.WITHDRAWN, until=NOW - 20 * DAY))
suspended = history(ALL, with_entry(state=State.SUSPENDED))
restored = history(ALL, with_entry(state=State.SUSPENDED), ALL)
removed = history(ALL, [one for one in ALL if one.id != "ec"])
backdated = history(ALL, with_entry(state=State.WITHDRAWN, until=NOW - 300 * DAY))
late = history(with_entry(since=NOW - 10 * DAY))
fresh = history(with_entry(revocation=Freshness.REQUIRED, max_crl_age_h=48))
scoped = history(with_entry(permitted=("dns:drug.cn", "dn:O=Forge, C=CN"), excluded=("dns:b.drug.cn",)))
login = history(with_entry(usages=(Purpose.LOGIN,)))

CASES = [
    Scenario("an RSA authority", LIST, leaf(RSA, owner=rsa_key("leaf"))),
    Scenario("an ECDSA authority", LIST, ec_leaf),
    Scenario("an Ed25519 authority", LIST, leaf(ED)),
    Scenario("an SM2 authority with the default id", LIST, sm2_leaf),
    Scenario("an SM2 authority with the empty id", LIST, leaf(EMPTY, owner=Sm2Key(b""))),
    Scenario("an SM2 authority with an id of its own", LIST, leaf(OWN_ID, owner=Sm2Key(b"province-7"))),
    Scenario("an SM2 certificate below an RSA authority", LIST, leaf(RSA, owner=Sm2Key())),
    Scenario("an RSA certificate below an SM2 authority", LIST, leaf(SM2, owner=rsa_key("leaf"))),
    Scenario(
        "the empty id where the default is listed", history([entry("empty", EMPTY)]), leaf(EMPTY), "signature_bad"
    ),
    Scenario(
        "the default id where the empty one is listed",
        history([entry("sm2", SM2, sm2_id="")]),
        sm2_leaf,
        "signature_bad",
    ),
    Scenario("an authority nobody listed", LIST, leaf(STRANGER), "issuer_unknown"),
    Scenario("no list at all", history(), ec_leaf, "no_list", outcome="indeterminate"),
    Scenario("an old key of a renewed authority", LIST, leaf(OLD)),
    Scenario("a new key of a renewed authority", LIST, leaf(RENEWED)),
    Scenario(
        "a renewed authority, only the new key listed", history([entry("renewed", RENEWED)]), leaf(OLD), "signature_bad"
    ),
    Scenario("an authority that expired", LIST, leaf(EXPIRED), "expired"),
    Scenario("an expired authority judged while it lived", LIST, leaf(EXPIRED), ask={"at": NOW - 60 * DAY}),
    Scenario("names in GB 18030 and BMPString", LIST, leaf(GB)),
    Scenario("an intermediate of a listed authority", LIST, sub_leaf, pool=[sub]),
    Scenario("an intermediate that was not sent", LIST, sub_leaf, "issuer_unknown"),
    Scenario("an intermediate listed directly", history([entry("hospital", sub)]), sub_leaf),
    Scenario("a certificate without a key identifier", LIST, no_aki),
    Scenario(
        "a member of a bridge, policies mapped",
        LIST,
        member_leaf,
        pool=[crossed],
        ask={"policies": ("1.2.1",), "require_explicit": True},
    ),
    Scenario(
        "a member of a bridge, another policy asked",
        LIST,
        member_leaf,
        "policy_required",
        pool=[crossed],
        ask={"policies": ("1.2.2",), "require_explicit": True},
    ),
    Scenario(
        "a member of a bridge, mapping inhibited",
        LIST,
        member_leaf,
        "policy_required",
        pool=[crossed],
        ask={"policies": ("1.2.1",), "require_explicit": True, "inhibit_mapping": True},
    ),
    Scenario("a member outside its name constraints", LIST, leaf(MEMBER), "name_not_permitted", pool=[limited]),
    Scenario("a member inside its name constraints", LIST, leaf(MEMBER, names=[dns("x.member.cn")]), pool=[limited]),
    Scenario("a member without its cross-certificate", LIST, leaf(MEMBER), "issuer_unknown"),
    Scenario("a suspended authority", suspended, ec_leaf, "authority_suspended"),
    Scenario("a suspended authority, judged before", suspended, ec_leaf, ask={"at": NOW - 90 * DAY}),
    Scenario("a suspended authority leaves others alone", suspended, sm2_leaf),
    Scenario("a suspension lifted", restored, ec_leaf),
    Scenario(
        "a suspension lifted, judged while it lasted",
        restored,
        ec_leaf,
        "authority_suspended",
        ask={"at": NOW - 60 * DAY},
    ),
    Scenario("a withdrawn authority", withdrawn, ec_leaf, "authority_withdrawn"),
    Scenario("a withdrawn authority, judged before the date", withdrawn, ec_leaf, ask={"at": NOW - 25 * DAY}),
    Scenario(
        "a withdrawn authority, judged at the very moment",
        withdrawn,
        ec_leaf,
        "authority_withdrawn",
        ask={"at": NOW - 20 * DAY},
    ),
    Scenario(
        "a withdrawal dated back before the old list",
        backdated,
        ec_leaf,
        "authority_withdrawn",
        ask={"at": NOW - 90 * DAY},
    ),
    Scenario("a withdrawal dated back, judged before it", backdated, ec_leaf, ask={"at": NOW - 310 * DAY}),
    Scenario("an authority taken off the list", removed, ec_leaf, "issuer_unknown"),
    Scenario("an authority taken off the list, judged before", removed, ec_leaf, ask={"at": NOW - 90 * DAY}),
    Scenario("before recognition began", late, ec_leaf, "authority_not_listed", ask={"at": NOW - 11 * DAY}),
    Scenario("after recognition began", late, ec_leaf, ask={"at": NOW - 9 * DAY}),
    Scenario("a list that ran out", history(ALL, life=50 * DAY), ec_leaf, "list_stale", outcome="indeterminate"),
    Scenario("for a purpose it is accepted for", login, ec_leaf, ask={"purpose": "login"}),
    Scenario("for a purpose it is not accepted for", login, ec_leaf, "usage_not_accepted", ask={"purpose": "seal"}),
    Scenario("a level high enough", LIST, sm2_leaf, ask={"min_level": 3}),
    Scenario("a level too low", LIST, ec_leaf, "level_too_low", ask={"min_level": 3}),
    Scenario("names inside the scope", scoped, leaf(EC, names=[dns("a.drug.cn")])),
    Scenario("names outside the scope", scoped, leaf(EC, names=[dns("a.food.cn")]), "name_not_accepted"),
    Scenario("one name inside, one excluded", scoped, wide, "name_not_accepted"),
    Scenario(
        "a subject outside the scope",
        scoped,
        leaf(EC, subject=name((C, "CN"), (O, "Else")), names=[dns("a.drug.cn")]),
        "name_not_accepted",
    ),
    Scenario(
        "an address scope",
        history(with_entry(permitted=("ip:10.1.0.0/16",))),
        leaf(EC, names=[ip(bytes([10, 2, 0, 1]))]),
        "name_not_accepted",
    ),
    Scenario("a mail scope", history(with_entry(permitted=("mail:nmpa.cn",))), leaf(EC, names=[mail("li@nmpa.cn")])),
    Scenario("revocation required and absent", fresh, ec_leaf, "revocation_unknown", outcome="indeterminate"),
    Scenario("revocation required and fresh", fresh, ec_leaf, crls=[crl(EC)]),
    Scenario(
        "revocation required and too old for the list",
        fresh,
        ec_leaf,
        "revocation_stale",
        crls=[crl(EC, this=NOW - 3 * DAY)],
        outcome="indeterminate",
    ),
    Scenario("revoked by its authority", LIST, ec_leaf, "revoked", crls=[crl(EC, [revoked(ec_leaf.serial)])]),
    Scenario(
        "revoked later than the moment judged",
        LIST,
        ec_leaf,
        crls=[crl(EC, [revoked(ec_leaf.serial)])],
        ask={"at": NOW - 15 * DAY},
    ),
    Scenario("held by its authority", LIST, ec_leaf, "on_hold", crls=[crl(EC, [revoked(ec_leaf.serial, reason=6)])]),
    Scenario("a list under a directory name", LIST, by_directory, crls=[crl(EC, extensions=[listed_there])]),
    Scenario(
        "revoked in a list under a directory name",
        LIST,
        by_directory,
        "revoked",
        crls=[crl(EC, [revoked(by_directory.serial)], extensions=[listed_there])],
    ),
    Scenario(
        "revoked by an indirect list",
        LIST,
        indirect_leaf,
        "revoked",
        pool=[service],
        crls=[indirect_list, crl(EC, number=3)],
    ),
    Scenario(
        "a delta list revokes",
        LIST,
        ec_leaf,
        "revoked",
        crls=[
            crl(EC),
            crl(EC, [revoked(ec_leaf.serial)], number=2, extensions=[ext("2.5.29.27", t(2, b"\x01"), critical=True)]),
        ],
    ),
    Scenario(
        "a foreign authority's list says nothing",
        LIST,
        ec_leaf,
        "revocation_unknown",
        crls=[crl(RSA)],
        outcome="indeterminate",
    ),
    Scenario("for a host it names", LIST, ec_leaf, ask={"name": "leaf.example.cn"}),
    Scenario("for a host it does not name", LIST, ec_leaf, "name_mismatch", ask={"name": "other.example.cn"}),
    Scenario(
        "for a use its certificate forbids",
        LIST,
        leaf(EC, extra=[eku("1.3.6.1.5.5.7.3.4")]),
        "usage_not_allowed",
        ask={"usage": "server"},
    ),
    Scenario("an expired certificate", LIST, leaf(EC, end=when(NOW - DAY)), "expired"),
    Scenario(
        "an expired certificate, judged while it lived", LIST, leaf(EC, end=when(NOW - DAY)), ask={"at": NOW - 2 * DAY}
    ),
    Scenario("an altered certificate", LIST, leaf(EC, spoil=lambda s: s[:-1] + bytes([s[-1] ^ 1])), "signature_bad"),
    Scenario(
        "the signing half of a dual pair",
        LIST,
        leaf(SM2, "dual", owner=Sm2Key(), extensions=[usage(0, 1), aki(SM2.key)]),
    ),
    Scenario(
        "the encryption half of a dual pair",
        LIST,
        leaf(SM2, "dual", owner=Sm2Key(), extensions=[usage(2, 3, 4), aki(SM2.key)]),
    ),
    Scenario(
        "an authority that demands policies",
        LIST,
        leaf(middle(EC, "strict", [policy_constraints(explicit=0)])),
        "policy_required",
        pool=[middle(EC, "strict", [policy_constraints(explicit=0)])],
    ),
]


def test_there_are_enough_scenarios() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 60


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_scenario(case: Scenario) -> None:
    verdict = recognise(case.history, case.request())
    codes = [str(reason.code) for reason in verdict.reasons if not reason.advice]
    wanted = case.outcome or ("invalid" if case.reason else "valid")
    assert verdict.outcome == wanted, codes
    assert not case.reason or case.reason in codes
    assert all(reason.text(language) for reason in verdict.reasons for language in ("zh-CN", "en"))  # type: ignore[arg-type]
    found = replay(orjson.loads(orjson.dumps(verdict.evidence)), lists=from_bundle)
    assert found.same


def test_two_certificates_of_two_authorities_are_one_unit() -> None:
    found = [recognise(LIST, Scenario("", LIST, made).request()).facts["subjects"] for made in (ec_leaf, sm2_leaf)]
    assert found[0] == found[1] == [{"scheme": "uscc", "value": "91110000MA01"}]


def test_a_person_is_known_by_a_hash_only() -> None:
    verdict = recognise(LIST, Scenario("", LIST, person).request())
    (subject,) = verdict.facts["subjects"]
    assert subject["scheme"] == "person"
    assert "110101199001011234" not in str(verdict.plain()["subjects"])
    assert len(subject["value"]) == 64


def test_the_verdict_names_version_level_and_authority() -> None:
    verdict = recognise(restored, Scenario("", restored, sm2_leaf, ask={"at": NOW - timedelta(days=60)}).request())
    assert verdict.outcome is Outcome.VALID
    assert (verdict.list_version, verdict.level, verdict.facts["authority"]) == (2, "3", "sm2")
