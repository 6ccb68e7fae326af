from datetime import UTC, datetime

import pytest

from infra.clock import ManualClock
from infra.ledger import Sequencer, record
from tests.fresh import fresh_records


@pytest.fixture
def records(tmp_path):
    found = fresh_records(tmp_path)
    yield found
    found.close()


@pytest.fixture
def clock():
    return ManualClock(datetime(2026, 11, 24, 12, tzinfo=UTC))


@pytest.fixture
def grow(records, clock):
    """``grow(3, 4)``: two turns of the sequencer, with 3 and 4 entries."""
    sequencer = Sequencer(records, clock)
    made = iter(range(10**6))

    def one(session):
        number = next(made)
        record(
            session,
            actor="test",
            action=f"test.a{number % 3}",
            thing=f"thing:{number}",
            detail={"n": number},
            at=clock.now(),
        )

    def turns(*counts: int) -> None:
        for count in counts:
            records.write(lambda session, count=count: [one(session) for _ in range(count)])
            clock.advance(1)
            assert sequencer.turn() == count

    return turns
