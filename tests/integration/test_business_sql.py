"""Business events pulled from a real PostgreSQL and a real MariaDB: their own types, read-only, every row once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import DBAPIError

from collectors.sources.business.sql_pull import Pull, SqlPull
from infra.events.business import Bill, event_of
from tests.integration.mariadb import mariadb
from tests.unit.collectors.sinks import KeepingSink

pytestmark = pytest.mark.integration
BEGIN = datetime(2026, 2, 3, 9, tzinfo=UTC)
QUERY = "SELECT * FROM bills WHERE written >= :watermark ORDER BY written"
COLUMNS = {
    "no": "bill", "type": "bill_type", "owner": "party", "drug": "product", "lot": "batch", "amount": "quantity",
    "happened": "time", "written": "recorded",
}  # fmt: skip


class Other:
    """The database of another system; ``moment`` is its type of times, ``naive`` whether they carry no offset."""

    def __init__(self, url: str, driver: str, moment: str, *, naive: bool) -> None:
        self.url, self.naive = url, naive
        scheme, _, rest = url.partition("://")
        self.engine: Engine = create_engine(f"{scheme}+{driver}://{rest}")
        columns = "no varchar(40), type varchar(3), owner varchar(40), drug varchar(40), lot varchar(40)"
        self.run("DROP TABLE IF EXISTS bills")
        times = f"amount numeric(12,2), happened {moment}, written {moment}, codes text"
        self.run(f"CREATE TABLE bills ({columns}, {times})")

    def run(self, statement: str, **values: object) -> None:
        with self.engine.begin() as connection:
            connection.execute(text(statement), values)

    def write(self, number: int, after_s: float) -> None:
        moment = BEGIN + timedelta(seconds=after_s)
        moment = moment.replace(tzinfo=None) if self.naive else moment
        statement = "INSERT INTO bills VALUES (:no, '201', 'D-7', 'YP-3', '26', 2.50, :happened, :written, '8|9')"
        self.run(statement, no=f"CK-{number}", happened=moment - timedelta(hours=1), written=moment)


@pytest.fixture(scope="module")
def maria() -> Iterator[str]:
    with mariadb() as url:
        yield url


@pytest.fixture(params=["postgresql", "mariadb"])
def other(request: pytest.FixtureRequest) -> Iterator[Other]:
    if request.param == "postgresql":
        made = Other(request.getfixturevalue("postgres_url"), "psycopg", "timestamptz", naive=False)
    else:
        made = Other(request.getfixturevalue("maria"), "pymysql", "datetime(6)", naive=True)
    yield made
    made.engine.dispose()


def _pull(other: Other, folder: Path) -> SqlPull:
    secret = folder / "url"
    secret.write_text(other.url + "\n")
    fields = {
        "kind": "bill",
        "system": "trace",
        "start": "2026-01-01",
        "columns": COLUMNS,
        "overlap_s": 60.0,
        "zone": "+00:00",
    }
    pull = Pull(name="bills", url=f"file:{secret}", query=QUERY, watermark="written", **fields)  # type: ignore[arg-type]
    return SqlPull(pull, folder / "state.json")


async def _turn(other: Other, folder: Path, sink: KeepingSink) -> int:
    """One turn of a pull that has just been started; how many records came."""
    pull = _pull(other, folder)
    account = await pull.turn(sink)
    pull.close()
    assert account.records == account.accepted, account
    return account.records


async def test_rows_come_once_with_their_types(other: Other, tmp_path: Path) -> None:
    sink = KeepingSink()
    for number in range(3):
        other.write(number, number)
    assert await _turn(other, tmp_path, sink) == 3
    other.write(3, 1.5)
    other.write(4, 30)
    assert await _turn(other, tmp_path, sink) == 2
    assert await _turn(other, tmp_path, sink) == 0
    events = [event_of(each.document) for each in sink.parsed()]
    bills = [event for event in events if isinstance(event, Bill)]
    assert sorted(bill.bill for bill in bills) == [f"CK-{number}" for number in range(5)]
    assert {(bill.quantity, bill.codes) for bill in bills} == {(2.5, ("8", "9"))}
    assert bills[0].time == BEGIN - timedelta(hours=1)


async def test_a_pull_cannot_write(other: Other, tmp_path: Path) -> None:
    pull = _pull(other, tmp_path)
    await pull.turn(KeepingSink())
    with pull._connected() as connection, pytest.raises(DBAPIError, match=r"(?i)read.only"):
        connection.execute(text("DELETE FROM bills"))
    pull.close()
