"""Finding rows, proving them, verifying and exporting the ledger; by people and over HTTP."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from infra.clock import ManualClock
from infra.errors import AppError, ErrorKind
from infra.ledger import Sequencer, record
from infra.ledger.export import examine_export
from infra.ledger.tree import leaf_hash, sha256, verify_consistency, verify_inclusion
from infra.store.query.tree import Window
from infra.text import Language, use_language
from infra.web.api import build_api
from infra.web.measures import Measures
from infra.web.seams import Actor
from infra.web.shell import ShellOptions, build_shell
from tests.fresh import fresh_records
from tests.unit.infra.web.conftest import Known, SignedInOnly
from trust.audit import Audit, AuditFilter
from trust.audit.api import audit_router
from trust.identity.rows import UserRow

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
ANNA, BOB = Actor(id="01A", name="anna"), Actor(id="01B", name="bob")


@pytest.fixture
def records(tmp_path):
    found = fresh_records(tmp_path)
    yield found
    found.close()


@pytest.fixture
def clock():
    return ManualClock(NOON)


@pytest.fixture
def tell(records, clock):
    """``tell(actor, action, thing, place=True)``: one entry a minute."""
    sequencer = Sequencer(records, clock)

    def one(actor, action, thing, *, place=True, **detail):
        records.write(
            lambda session: record(session, actor=actor, action=action, thing=thing, detail=detail, at=clock.now())
        )
        clock.advance(60)
        if place:
            sequencer.turn()

    return one


@pytest.fixture
def audit(records, clock, tell):
    tell(ANNA, "trust.user.create", "user:1", name="carl")
    tell(BOB, "trust.session.open", "user:01B", address="192.0.2.1")
    tell(ANNA, "ops.alert.close", "alert:7", reason="误报 100%")
    return Audit(records, clock)


def found(audit, **wanted) -> list[int | None]:
    return [row.sequence for row in audit.rows(AuditFilter(**wanted), 100).items]


def test_newest_first_in_the_readers_words(audit):
    with use_language(Language.EN):
        rows = audit.rows(AuditFilter(), 10).items
    assert [row.sequence for row in rows] == [2, 1, 0]
    assert [row.actor for row in rows] == ["anna", "bob", "anna"]
    assert [row.words for row in rows] == ["ops.alert.close", "signed in", "made an account"]


def test_filters(audit, records):
    assert found(audit, action="trust.") == [1, 0]
    assert found(audit, thing="alert:7") == [2]
    assert found(audit, actor="01A") == [2, 0]
    assert found(audit, window=Window(NOON, NOON + timedelta(minutes=1))) == [0]
    assert found(audit, text="误报") == [2]
    assert found(audit, text="CARL") == [0]
    assert found(audit, text="100%") == [2]
    assert found(audit, text="1_0") == []
    assert found(audit, action="trust.", text="192.0.2.1") == [1]


def test_people_are_found_by_name(audit, records):
    user = UserRow(id="01A", name="anna", display="", state="active", totp_step=0, created=NOON)
    records.write(lambda session: session.add(user))
    assert found(audit, actor="Ann") == [2, 0]
    assert found(audit, actor="01") == [2, 1, 0]


def test_entries_that_wait_stand_before_the_others(audit, tell):
    tell(ANNA, "trust.user.roles", "user:1", place=False)
    tell(ANNA, "ops.alert.close", "alert:8", place=False)
    assert found(audit) == [None, None, 2, 1, 0]
    assert found(audit, action="trust.user") == [None, 0]
    assert audit.rows(AuditFilter(), 2).total == 5


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(count=st.integers(1, 8), waiting=st.booleans())
def test_pages_together_are_the_whole(audit, records, clock, count, waiting):
    if waiting:
        records.write(lambda session: record(session, actor=BOB, action="a.b", thing="t", detail={}, at=clock.now()))
    pages, after = [], None
    while True:
        page = audit.rows(AuditFilter(), count, after)
        pages += [row.sequence for row in page.items if row.sequence is not None]
        after = page.after
        if after is None:
            break
    assert pages == ([2, 1, 0] if len(audit.rows(AuditFilter(), 1000).items) - len(pages) < count else pages)
    Sequencer(records, clock, "other")  # the outbox stays for the next example


@pytest.mark.parametrize("after", ["x", "-1", "1e3", "٣", "9" * 40])
def test_hostile_cursors(audit, after):
    with pytest.raises(AppError) as caught:
        audit.rows(AuditFilter(), 10, after)
    assert caught.value.kind is ErrorKind.INVALID


def test_the_verdict(audit, records):
    proof = audit.verify()
    assert (proof.whole, proof.leaves, proof.broken_at) == (True, 3, None)
    with records.engine.begin() as connection:
        connection.execute(text("UPDATE infra_ledger_leaves SET body = replace(body, 'bob', 'eve') WHERE leaf = 1"))
    with use_language(Language.EN):
        proof = audit.verify()
    assert (proof.whole, proof.broken_at) == (False, 1)
    assert "leaf 1" in proof.problem


def test_exporting_is_itself_on_record(audit, tmp_path):
    assert audit.export(ANNA, tmp_path / "e") == 3
    assert examine_export(tmp_path / "e").clean
    assert audit.rows(AuditFilter(), 1).items[0].action == "trust.audit.export"


@pytest.fixture
def client(audit):
    api = build_api(audit_router(audit, SignedInOnly()), access=SignedInOnly(), version="0", measures=Measures())
    shell = build_shell(api, None, Known(), ShellOptions(secure=False), Measures())
    headers = {"origin": "http://127.0.0.1", "x-who": "anna", "x-yaodun": "1"}
    return httpx.AsyncClient(transport=httpx.ASGITransport(shell), base_url="http://127.0.0.1", headers=headers)


async def test_over_http(client, tmp_path):
    page = (await client.get("/api/v1/audit?action=trust.&limit=1")).json()
    assert (page["total"], page["items"][0]["sequence"], page["after"]) == (2, 1, "1")
    assert (await client.get("/api/v1/audit?since=2026-11-24T12:01:00Z")).json()["total"] == 2
    assert (await client.post("/api/v1/audit/verify")).json()["whole"] is True
    exported = await client.get("/api/v1/audit/export")
    (tmp_path / "e").write_bytes(exported.content)
    assert examine_export(tmp_path / "e").clean
    assert (await client.get("/api/v1/audit?limit=0")).status_code == 400
    assert (await client.get("/api/v1/audit/leaves/99")).status_code == 404


async def test_a_proof_convinces_who_trusts_only_the_head(client):
    head = (await client.get("/api/v1/audit/head")).json()
    proof = (await client.get("/api/v1/audit/leaves/1")).json()
    path = [bytes.fromhex(node) for node in proof["path"]]
    node = leaf_hash(sha256, proof["body"].encode())
    assert verify_inclusion(sha256, node, 1, head["size"], path, bytes.fromhex(head["sha256"]))
    path = (await client.get(f"/api/v1/audit/consistency?old=3&size={head['size']}")).json()["path"]
    root = bytes.fromhex(head["sha256"])
    assert verify_consistency(sha256, 3, head["size"], root, root, [bytes.fromhex(node) for node in path])


async def test_strangers_see_nothing(client):
    client.headers["x-who"] = ""
    for path in ("", "/head", "/leaves/0", "/export", "/consistency?old=1&size=1"):
        assert (await client.get(f"/api/v1/audit{path}")).status_code == 401
