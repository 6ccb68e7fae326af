"""Heads kept in a file: they follow each other, and object when the ledger is not the one they remember."""

import os

import pytest
from sqlalchemy import text

from infra.errors import AppError
from infra.ledger import Ledger
from infra.ledger.keeping import WitnessFile
from infra.ledger.witness import read_witnessed


@pytest.fixture
def witness(tmp_path):
    return WitnessFile(tmp_path / "elsewhere" / "heads.txt")


def wipe(records) -> None:
    with records.engine.begin() as connection:
        for name in ("leaves", "nodes", "heads"):
            connection.execute(text(f"DELETE FROM infra_ledger_{name}"))


def test_each_new_head_is_written_down_once(witness, records, grow, tmp_path):
    ledger = Ledger(records)
    assert witness.witness(ledger) is None
    grow(3)
    assert witness.witness(ledger).size == 3
    assert witness.witness(ledger) is None
    grow(300, 5)
    assert witness.witness(ledger).size == 308
    written = read_witnessed(tmp_path / "elsewhere" / "heads.txt")
    assert sorted(written) == [3, 308]
    report = ledger.verify(written)
    assert (report.clean, report.witnesses) == (True, 2)


def test_it_objects_to_a_ledger_written_anew(witness, records, grow):
    grow(3)
    witness.witness(Ledger(records))
    wipe(records)
    grow(4)
    with pytest.raises(AppError) as caught:
        witness.witness(Ledger(records))
    assert caught.value.message_key == "infra.ledger.witness_differs"
    assert witness.last()[0] == 3


@pytest.mark.parametrize("left", [0, 2])
def test_it_objects_to_a_ledger_that_was_cut(witness, records, grow, left):
    grow(5)
    witness.witness(Ledger(records))
    wipe(records)
    if left:
        grow(left)
    with pytest.raises(AppError) as caught:
        witness.witness(Ledger(records))
    assert caught.value.message_key == "infra.ledger.witness_longer"


def test_a_line_cut_by_a_crash_is_passed_over(witness, records, grow, tmp_path):
    grow(3)
    witness.witness(Ledger(records))
    with (tmp_path / "elsewhere" / "heads.txt").open("a") as file:
        file.write("4 abc\n")
    grow(1)
    assert witness.witness(Ledger(records)).size == 4


def test_the_head_is_durable_when_it_was_written(witness, records, grow, monkeypatch):
    synced = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: (synced.append(handle), real(handle)))
    grow(1)
    witness.witness(Ledger(records))
    assert synced
