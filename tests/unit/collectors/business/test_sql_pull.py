"""Tables read by SQL: every row once, whatever the watermark does, and never a write."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from collectors.sources.business.sql_pull import Pull, SqlPull, read_pulls
from infra.errors import AppError
from tests.unit.collectors.sinks import KeepingSink

QUERY = (
    "SELECT no AS bill, type AS bill_type, owner AS party, drug AS product, lot AS batch, amount AS quantity, "
    "happened AS time, written AS recorded, codes FROM bills WHERE written >= :watermark ORDER BY written"
)


class Table:
    """A table of bills in SQLite."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection = sqlite3.connect(path)
        self._connection.execute(
            "CREATE TABLE bills (no TEXT, type TEXT, owner TEXT, drug TEXT, lot TEXT, amount REAL, happened TEXT, "
            "written TEXT, codes TEXT)"
        )

    def write(self, number: int, written: str, amount: object = 2) -> None:
        row = (f"CK-{number}", "201", "D-7", "YP-3", "26", amount, "2026-02-03T03:00:00Z", written, "8|9")
        self._connection.execute("INSERT INTO bills VALUES (?,?,?,?,?,?,?,?,?)", row)
        self._connection.commit()

    def pull(self, **more: object) -> SqlPull:
        fields = {"kind": "bill", "system": "trace", "watermark": "recorded", **more}
        pull = Pull(name="bills", url=f"sqlite:///{self.path}", query=QUERY, **fields)  # type: ignore[arg-type]
        return SqlPull(pull, self.path.with_suffix(".state"))

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def table(tmp_path: Path):  # type: ignore[no-untyped-def]
    made = Table(tmp_path / "other.db")
    yield made
    made.close()


def _numbers(sink: KeepingSink) -> list[str]:
    return [each.document["yaodun.biz.document"] for each in sink.parsed()]


async def test_rows_come_once_and_late_rows_with_the_same_watermark_too(table: Table) -> None:
    sink = KeepingSink()
    table.write(1, "2026-02-03T09:00:00Z")
    table.write(2, "2026-02-03T10:00:00Z")
    pull = table.pull()
    assert (await pull.turn(sink)).accepted == 2
    table.write(3, "2026-02-03T10:00:00Z")
    assert (await pull.turn(sink)).accepted == 1
    assert (await table.pull().turn(sink)).records == 0
    assert _numbers(sink) == ["CK-1", "CK-2", "CK-3"]


async def test_a_clock_that_lags_is_caught_by_the_overlap(table: Table) -> None:
    sink = KeepingSink()
    table.write(1, "2026-02-03 10:00:00+00:00")
    pull = table.pull(overlap_s=900.0)
    await pull.turn(sink)
    table.write(2, "2026-02-03 09:50:00+00:00")
    await pull.turn(sink)
    await pull.turn(sink)
    assert _numbers(sink) == ["CK-1", "CK-2"]


async def test_many_rows_come_in_portions(table: Table) -> None:
    sink = KeepingSink()
    for number in range(25):
        table.write(number, f"2026-02-03T09:00:{number // 10:02d}Z")
    pull = table.pull(most=7)
    for _ in range(6):
        await pull.turn(sink)
    assert sorted(_numbers(sink)) == sorted(f"CK-{number}" for number in range(25))


async def test_a_bad_row_is_quarantined_with_its_field(table: Table) -> None:
    table.write(1, "2026-02-03T09:00:00Z", "many")
    account = await table.pull().turn(KeepingSink())
    assert (account.records, account.quarantined, account.first[0].field) == (1, 1, "quantity")


async def test_the_connection_cannot_write(table: Table) -> None:
    pull = table.pull()
    await pull.turn(KeepingSink())
    with pull._connected() as connection, pytest.raises(OperationalError, match="readonly"):
        connection.execute(text("DELETE FROM bills"))


async def test_a_database_of_another_kind_is_refused(tmp_path: Path) -> None:
    pull = SqlPull(Pull(name="x", url="oracle+none://h/d", query=":watermark", watermark="t"), tmp_path / "s")
    with pytest.raises(Exception, match="oracle"):
        await pull.turn(KeepingSink())


def test_a_pull_without_a_watermark_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "pulls.toml"
    path.write_text('[[pull]]\nname="bills"\nurl="sqlite://"\nquery="SELECT 1"\nwatermark="t"\n')
    with pytest.raises(AppError, match="bills"):
        read_pulls(path)
    assert read_pulls(tmp_path / "absent.toml") == ()
