"""``yaodun audit``: exit 0 on a sound ledger, 1 on an altered one, 2 on wrong use."""

import json

import pytest

from infra.ledger import Sequencer, record
from infra.records import open_records
from infra.records.migrate import migrate
from yaodun.cli import main


@pytest.fixture
def home(tmp_path):
    records = open_records(tmp_path / "records.db")
    migrate(records.engine)
    for number in range(5):
        records.write(lambda session, n=number: record(session, actor="t", action="a.b", thing=f"t:{n}", detail={}))
    Sequencer(records).turn()
    records.close()
    (tmp_path / "run").mkdir()
    return tmp_path


def test_a_sound_ledger_and_its_export(home, capsys):
    assert main(["audit", "verify", "--home", str(home)]) == 0
    row = json.loads(capsys.readouterr().out)
    assert (row["clean"], row["leaves"]) == (True, 5)
    assert main(["audit", "export", str(home / "out"), "--home", str(home)]) == 0
    capsys.readouterr()
    assert main(["audit", "verify", str(home / "out"), "--home", "/nonexistent"]) == 0


def test_an_altered_export_names_the_place(home, capsys):
    main(["audit", "export", str(home / "out"), "--home", str(home)])
    (home / "out").write_bytes((home / "out").read_bytes().replace(b"t:3", b"t:4", 1))
    capsys.readouterr()
    assert main(["audit", "verify", str(home / "out")]) == 1
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert ("changed", 3) in {(row["kind"], row["first"]) for row in rows}


def test_a_witness_that_saw_more(home, capsys):
    (home / "w").write_text("9 " + "00" * 32)
    assert main(["audit", "verify", "--home", str(home), "--witness", str(home / "w")]) == 1
    assert "truncated" in capsys.readouterr().out


def test_what_is_not_there_is_a_clear_line(home, tmp_path, capsys):
    assert main(["audit", "verify", str(tmp_path / "none")]) == 2
    assert main(["audit", "verify", "--home", str(tmp_path / "none")]) != 0
    assert "none" in capsys.readouterr().err
