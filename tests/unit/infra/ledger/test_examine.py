"""Every alteration of a ledger is found, in the database and in an export, and nothing else is."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from infra.errors import AppError
from infra.ledger import FindingKind, Ledger
from infra.ledger.export import examine_export, export
from infra.ledger.tree import leaf_hash, sha256
from tests.unit.infra.ledger import naive


def tamper(records, *statements: str) -> None:
    with records.engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def kinds(report) -> set[FindingKind]:
    return {finding.kind for finding in report.findings}


CHANGE = """UPDATE infra_ledger_leaves SET body = CAST(replace(CAST(body AS TEXT), '"n":7', '"n":8') AS BLOB)
    WHERE leaf = 7"""


@pytest.mark.parametrize(
    ("statements", "kind", "place"),
    [
        ([CHANGE], FindingKind.CHANGED, 7),
        (["DELETE FROM infra_ledger_leaves WHERE leaf = 5"], FindingKind.MISSING, 5),
        (["DELETE FROM infra_ledger_leaves WHERE leaf >= 15"], FindingKind.TRUNCATED, 15),
        (["UPDATE infra_ledger_leaves SET actor = 'else' WHERE leaf = 3"], FindingKind.COLUMN, 3),
        (["UPDATE infra_ledger_leaves SET time = '2020-01-01 00:00:00.000000' WHERE leaf = 3"], FindingKind.COLUMN, 3),
        (["UPDATE infra_ledger_leaves SET time = 'garbage' WHERE leaf = 3"], FindingKind.COLUMN, 3),
        (["UPDATE infra_ledger_leaves SET body = CAST(body AS TEXT) WHERE leaf = 3"], FindingKind.COLUMN, 3),
        (["UPDATE infra_ledger_leaves SET body = 7 WHERE leaf = 3"], FindingKind.CHANGED, 3),
        (["UPDATE infra_ledger_leaves SET sha256 = 'text' WHERE leaf = 3"], FindingKind.CHANGED, 3),
        (
            [
                "UPDATE infra_ledger_leaves SET leaf = -1 WHERE leaf = 4",
                "UPDATE infra_ledger_leaves SET leaf = 4 WHERE leaf = 9",
                "UPDATE infra_ledger_leaves SET leaf = 9 WHERE leaf = -1",
            ],
            FindingKind.REORDERED,
            4,
        ),
        (
            [
                """INSERT INTO infra_ledger_leaves SELECT 20, 'forged', time, actor, action, thing, body, sha256, sm3
                FROM infra_ledger_leaves WHERE leaf = 2"""
            ],
            FindingKind.INSERTED,
            20,
        ),
        (["UPDATE infra_ledger_heads SET sha256 = zeroblob(32) WHERE size = 12"], FindingKind.HEAD, 8),
        (["UPDATE infra_ledger_heads SET sha256 = 'x', time = 'y' WHERE size = 12"], FindingKind.HEAD, 8),
        (["UPDATE infra_ledger_leaves SET body = CAST('nonsense' AS BLOB) WHERE leaf = 6"], FindingKind.CHANGED, 6),
    ],
)
def test_found_in_the_database(records, grow, statements, kind, place):
    grow(8, 4, 8)
    assert Ledger(records).verify().clean
    tamper(records, *statements)
    report = Ledger(records).verify()
    assert any(finding.kind is kind and finding.first == place for finding in report.findings), report.findings


def test_a_change_with_its_hash_mended_is_narrowed_down_by_the_heads(records, grow):
    grow(4, 4, 4)
    tamper(records, CHANGE)
    with records.engine.begin() as connection:
        body = connection.execute(text("SELECT body FROM infra_ledger_leaves WHERE leaf = 7")).scalar_one()
        connection.execute(
            text("UPDATE infra_ledger_leaves SET sha256 = :hash, sm3 = NULL WHERE leaf = 7"),
            {"hash": leaf_hash(sha256, body)},
        )
    report = Ledger(records).verify()
    assert [(f.kind, f.first, f.last) for f in report.findings] == [(FindingKind.HEAD, 4, 7)]


def test_kept_nodes_are_checked(records, grow):
    grow(260)
    tamper(records, "UPDATE infra_ledger_nodes SET sha256 = zeroblob(32)")
    assert [(f.kind, f.first, f.last) for f in Ledger(records).verify().findings] == [(FindingKind.NODE, 0, 255)]


def test_a_ledger_written_anew_is_found_by_a_witness_only(records, grow):
    grow(3, 3)
    witnessed = {head.size: bytes.fromhex(head.sha256) for head in Ledger(records).heads()}
    tamper(records, *(f"DELETE FROM infra_ledger_{name}" for name in ("leaves", "nodes", "heads")))
    grow(3)
    assert Ledger(records).verify().clean
    report = Ledger(records).verify(witnessed)
    assert kinds(report) == {FindingKind.WITNESS, FindingKind.TRUNCATED}


def test_witnesses_that_agree_are_counted(records, grow):
    grow(3, 3)
    witnessed = {head.size: bytes.fromhex(head.sha256) for head in Ledger(records).heads()}
    report = Ledger(records).verify(witnessed)
    assert (report.clean, report.witnesses, report.heads) == (True, 2, 2)


def test_an_export_says_the_same_as_the_database(records, grow, tmp_path):
    grow(5, 300)
    file = tmp_path / "ledger.txt"
    assert export(records, file) == 305
    assert examine_export(file) == Ledger(records).verify()
    bodies = [line.split(b" ", 2)[2] for line in file.read_bytes().splitlines() if line.startswith(b"leaf ")]
    assert examine_export(file).sha256 == naive.mth(bodies).hex()


def test_an_empty_ledger_is_clean(records, tmp_path):
    assert Ledger(records).verify().clean
    export(records, tmp_path / "empty")
    assert examine_export(tmp_path / "empty").clean


def test_another_file_is_refused(tmp_path):
    (tmp_path / "other").write_bytes(b"\x00\xff" * 5000)
    with pytest.raises(AppError) as caught:
        examine_export(tmp_path / "other")
    assert caught.value.message_key == "infra.ledger.no_export"


Mutation = Callable[[list[bytes], st.DataObject], list[bytes]]


def delete(lines, data):
    at = data.draw(st.integers(0, len(lines) - 1))
    return lines[:at] + lines[at + 1 :]


def repeat(lines, data):
    at, to = data.draw(st.integers(0, len(lines) - 1)), data.draw(st.integers(0, len(lines)))
    return [*lines[:to], lines[at], *lines[to:]]


def swap(lines, data):
    one = data.draw(st.integers(0, len(lines) - 2))
    two = data.draw(st.integers(one + 1, len(lines) - 1))
    lines = list(lines)
    lines[one], lines[two] = lines[two], lines[one]
    return lines


def flip(lines, data):
    at = data.draw(st.integers(0, len(lines) - 1))
    line = bytearray(lines[at])
    place = data.draw(st.integers(0, len(line) - 2))
    line[place] ^= 1 << data.draw(st.integers(0, 7))
    return [*lines[:at], bytes(line), *lines[at + 1 :]]


def cut(lines, data):
    return lines[: data.draw(st.integers(0, len(lines) - 1))]


def mend(lines: list[bytes]) -> list[bytes]:
    """What a clever forger does: every leaf line carries the hash of what it now holds."""
    mended = []
    for line in lines:
        kind, _, rest = line.partition(b" ")
        if kind == b"leaf" and b" " in rest:
            body = rest.partition(b" ")[2].removesuffix(b"\n")
            line = b"leaf %s %s\n" % (leaf_hash(sha256, body).hex().encode(), body)
        mended.append(line)
    return mended


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), change=st.sampled_from([delete, repeat, swap, flip, cut]), clever=st.booleans())
def test_any_alteration_of_an_export_is_found(records, grow, tmp_path, data, change, clever):
    file = tmp_path / "ledger.txt"
    if not file.exists():
        grow(3, 1, 6)
        export(records, file)
    first, *lines = file.read_bytes().splitlines(keepends=True)
    altered = change(lines, data)
    if clever:
        altered = mend(altered)
    if altered == lines:
        return
    forged = tmp_path / "forged.txt"
    forged.write_bytes(first + b"".join(altered))
    assert not examine_export(forged).clean


def test_an_altered_ledger_is_exported_as_it_is_and_found_altered(records, grow, tmp_path):
    grow(5)
    tamper(records, "UPDATE infra_ledger_leaves SET sha256 = 'x', body = 'line' || char(10) || 'break' WHERE leaf = 2")
    export(records, tmp_path / "e")
    assert FindingKind.CHANGED in kinds(examine_export(tmp_path / "e")) | kinds(Ledger(records).verify())
    assert not examine_export(tmp_path / "e").clean
