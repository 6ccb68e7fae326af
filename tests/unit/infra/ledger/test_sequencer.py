"""The sequencer: an entry shares the fate of its change, has one place, and one hand places it."""

import threading

import pytest
from sqlalchemy import func, select, text

from infra.errors import AppError, ErrorKind
from infra.ledger import Ledger, Sequencer, record
from infra.ledger.rows import LeafRow, OutboxRow
from infra.ledger.tree import leaf_hash, sha256, verify_consistency, verify_inclusion
from infra.web.seams import Actor
from tests.unit.infra.ledger import naive

ANNA = Actor(id="u1", name="安娜", roles=("analyst",))


def bodies(records) -> list[bytes]:
    return list(records.read(lambda session: session.scalars(select(LeafRow.body).order_by(LeafRow.leaf)).all()))


def test_an_entry_has_the_fate_of_its_change(records, clock):
    def change(session, fail):
        record(session, actor=ANNA, action="a.b", thing="t:1", detail={"fail": fail})
        if fail:
            raise ValueError("undo")

    records.write(lambda session: change(session, False))
    with pytest.raises(ValueError, match="undo"):
        records.write(lambda session: change(session, True))
    assert Sequencer(records, clock).turn() == 1
    leaf = Ledger(records).leaf(0)
    assert leaf.entry.actor == {"id": "u1", "name": "安娜", "kind": "person"}
    assert (leaf.entry.action, leaf.entry.thing, leaf.entry.detail) == ("a.b", "t:1", {"fail": False})


def test_the_kept_tree_is_the_tree_of_its_leaves(records, grow):
    grow(1, 2, 300, 40)
    ledger = Ledger(records)
    leaves = bodies(records)
    assert [head.size for head in ledger.heads()] == [1, 3, 303, 343]
    for head in ledger.heads():
        assert head.sha256 == naive.mth(leaves[: head.size]).hex()


def test_proofs_convince_a_verifier_who_has_only_roots(records, grow):
    grow(290, 30)
    ledger, leaves = Ledger(records), bodies(records)
    root = naive.mth(leaves)
    path = [bytes.fromhex(node) for node in ledger.inclusion(17, 320)]
    assert verify_inclusion(sha256, leaf_hash(sha256, leaves[17]), 17, 320, path, root)
    path = [bytes.fromhex(node) for node in ledger.consistency(290, 320)]
    assert verify_consistency(sha256, 290, 320, naive.mth(leaves[:290]), root, path)


def test_a_proof_beyond_the_ledger_is_a_clear_error(records, grow):
    grow(5)
    with pytest.raises(AppError) as caught:
        Ledger(records).inclusion(5, 6)
    assert caught.value.kind is ErrorKind.INVALID
    with pytest.raises(AppError) as caught:
        Ledger(records).leaf(5)
    assert caught.value.kind is ErrorKind.NOT_FOUND


def test_two_sequencers_place_each_entry_once(records, clock):
    sequencers = [Sequencer(records, clock, holder) for holder in ("one", "two")]
    stop = threading.Event()

    def write():
        for number in range(200):
            records.write(lambda session, n=number: record(session, actor="w", action="a.b", thing=f"t:{n}", detail={}))
        stop.set()

    def place(sequencer):
        while not stop.is_set():
            sequencer.turn()

    threads = [threading.Thread(target=write), *(threading.Thread(target=place, args=(s,)) for s in sequencers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    clock.advance(60)
    sequencers[1].turn()
    clock.advance(60)
    sequencers[0].turn()
    assert records.read(lambda session: session.scalar(select(func.count()).select_from(OutboxRow))) == 0
    report = Ledger(records).verify()
    assert (report.leaves, report.findings) == (200, ())


def test_a_successor_goes_on_where_the_other_stopped(records, clock, grow):
    grow(10)
    clock.advance(60)
    records.write(lambda session: record(session, actor="w", action="a.b", thing="t:x", detail={}))
    assert Sequencer(records, clock, "successor").turn() == 1
    assert Ledger(records).verify().clean


def test_a_broken_ledger_is_not_built_upon(records, clock, grow):
    grow(10)
    with records.engine.begin() as connection:
        connection.execute(text("UPDATE infra_ledger_leaves SET sha256 = zeroblob(32) WHERE leaf = 4"))
    records.write(lambda session: record(session, actor="w", action="a.b", thing="t:x", detail={}))
    clock.advance(60)
    with pytest.raises(AppError) as caught:
        Sequencer(records, clock, "fresh").turn()
    assert caught.value.message_key == "infra.ledger.edge_broken"
    assert records.read(lambda session: session.scalar(select(func.count()).select_from(OutboxRow))) == 1


@pytest.mark.parametrize("detail", [{"password": "x"}, {"a": {"new_password": "x"}}, {"client_secret": "x"}])
def test_secrets_are_refused(records, detail):
    with pytest.raises(ValueError, match="secrets"):
        records.write(lambda session: record(session, actor="w", action="a.b", thing="t:x", detail=detail))


def test_an_oversized_entry_is_refused(records):
    with pytest.raises(AppError) as caught:
        records.write(lambda session: record(session, actor="w", action="a.b", thing="t:x", detail={"n": "x" * 70_000}))
    assert caught.value.kind is ErrorKind.TOO_LARGE
