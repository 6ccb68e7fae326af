"""Signed checkpoints: two signatures, one history, proofs that travel; what was altered is found from them alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update

from infra.clock import ManualClock
from infra.errors import AppError, ErrorKind
from infra.ledger import Ledger, Sequencer, record
from infra.ledger.export import examine_export, export
from infra.ledger.rows import HeadRow, LeafRow, NodeRow
from infra.records import Records, open_records
from infra.records.migrate import migrate
from infra.text import Language
from tests.unit.trust.ca.site import NOW
from trust.audit.checkpoint import check_checkpoint, read_checkpoints
from trust.audit.digest import digest_page
from trust.audit.prove import check_proof, make_proof
from trust.signer.checkpoint import Checkpoints


class Site:
    def __init__(self, folder: Path) -> None:
        self.folder, self.clock = folder, ManualClock(NOW)
        self.records: Records = open_records(folder / "records.db")
        migrate(self.records.engine)
        self.sequencer = Sequencer(self.records, self.clock)
        self.checkpoints = Checkpoints(folder / "keys", self.records, self.clock)

    def add(self, count: int) -> dict[str, Any]:
        for number in range(count):
            self.records.write(
                lambda session, n=number: record(session, actor="t", action="t.do", thing=f"t:{n}", detail={})  # type: ignore[misc]
            )
        while self.sequencer.turn():
            pass
        return self.checkpoints.make()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    found = Site(tmp_path)
    yield found
    found.records.close()


def keys(document: dict[str, Any]) -> frozenset[str]:
    return frozenset(row["key"] for row in document["signatures"])


def test_both_signatures_hold_and_the_size_is_the_ledgers(site: Site) -> None:
    with pytest.raises(AppError) as caught:
        site.checkpoints.make()
    assert caught.value.kind is ErrorKind.UNAVAILABLE
    first = site.add(5)
    assert {row["algorithm"] for row in first["signatures"]} == {"sm2", "ed25519"}
    assert check_checkpoint(first, keys(first))[0] == 5
    assert site.checkpoints.make() == first
    second = site.add(3)
    assert keys(second) == keys(first)
    assert check_checkpoint(second)[0] == 8


@pytest.mark.parametrize("field", ["size", "sha256", "sm3", "time", "origin"])
def test_nothing_of_it_can_be_changed(site: Site, field: str) -> None:
    document = site.add(4)
    value = document[field]
    document[field] = value + 1 if isinstance(value, int) else value[:-1] + ("0" if value[-1] != "0" else "1")
    with pytest.raises(AppError):
        check_checkpoint(document)


def test_one_good_signature_is_not_two_and_another_key_is_none(site: Site, tmp_path: Path) -> None:
    document, other = site.add(2), None
    for number in range(2):
        one = json.loads(json.dumps(document))
        one["signatures"][number]["signature"] = one["signatures"][1 - number]["signature"]
        with pytest.raises(AppError):
            check_checkpoint(one)
    (tmp_path / "elsewhere").mkdir()
    other = Site(tmp_path / "elsewhere")
    foreign = other.add(2)
    other.records.close()
    assert check_checkpoint(foreign)[0] == 2
    with pytest.raises(AppError) as caught:
        check_checkpoint(foreign, keys(document))
    assert caught.value.message_key == "trust.audit.checkpoint_key"


@pytest.mark.parametrize("again", [1, 5, 9], ids=["shorter", "as long", "longer"])
def test_a_rewritten_ledger_is_never_signed(site: Site, again: int) -> None:
    """Leaves, nodes, heads and the copy of the checkpoint in records are replaced whole."""
    site.add(5)

    def forget(session: Any) -> None:
        for table in (LeafRow, NodeRow, HeadRow):
            session.execute(delete(table))

    site.records.write(forget)
    site.clock.advance(7)
    with pytest.raises(AppError) as caught:
        site.add(again)
    assert caught.value.message_key == "trust.audit.rewritten"


def test_an_export_is_compared_with_checkpoints_kept_elsewhere(site: Site, tmp_path: Path) -> None:
    witness = tmp_path / "witness.txt"
    lines = [json.dumps(site.add(count)) for count in (3, 4)]
    witness.write_text("\n".join(lines) + "\n")
    export(site.records, tmp_path / "ledger.txt")
    report = examine_export(tmp_path / "ledger.txt", read_checkpoints(witness))
    assert report.clean
    assert report.witnesses == 2
    site.records.write(
        lambda s: s.execute(update(LeafRow).where(LeafRow.leaf == 1).values(body=b'{"leaf":1,"x":1}')) and None
    )
    export(site.records, tmp_path / "altered.txt")
    assert not examine_export(tmp_path / "altered.txt", read_checkpoints(witness)).clean
    witness.write_text(lines[0].replace('"size": 3', '"size": 2') + "\n")
    with pytest.raises(AppError) as caught:
        read_checkpoints(witness)
    assert f"{witness}:1" in str(caught.value.detail["place"])


def test_a_proof_travels_alone(site: Site) -> None:
    old = site.add(5)
    new = site.add(300)
    for leaf in (0, 4, 5, 300):
        proof = json.loads(json.dumps(make_proof(Ledger(site.records), leaf, new, old)))
        found = check_proof(proof, keys(new))
        assert (found["leaf"], found["size"], found["continues"]) == (leaf, 305, 5)
    for spoil in ("body", "path", "leaf"):
        wrong = json.loads(json.dumps(proof))
        wrong[spoil] = {"body": wrong["body"].replace("t.do", "t.to"), "path": wrong["path"][1:], "leaf": 299}[spoil]
        with pytest.raises(AppError):
            check_proof(wrong)
    proof["earlier"]["path"] = proof["earlier"]["path"][1:]
    with pytest.raises(AppError):
        check_proof(proof)


def test_the_printed_page_is_a_witness(site: Site, tmp_path: Path) -> None:
    from infra.ledger.witness import read_witnessed

    document = site.add(6)
    page = tmp_path / "page.txt"
    page.write_text(digest_page(document, Language.EN))
    assert read_witnessed(page) == {6: bytes.fromhex(document["sha256"])}
