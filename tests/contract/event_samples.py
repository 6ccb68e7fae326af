"""Events that every store suite writes: few, plain to reason about, with every kind of field and trap."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from infra.events.stream import Event, Stream
from infra.spool.position import SpoolPosition
from infra.store.query.tree import All, Filter, Query, Sort, Window
from infra.store.seams import Batch, SourceCount

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DAY = Window(datetime(2026, 11, 24, tzinfo=UTC), datetime(2026, 11, 25, tzinfo=UTC))


def event(number: int, **fields: object) -> Event:
    """An event one second after the one before; ``__`` in a name stands for a dot."""
    made: Event = {
        "@timestamp": NOON + timedelta(seconds=number),
        "event.id": f"2026112412-{number:06d}",
        "yaodun.source": "sample",
        "event.ingested": NOON + timedelta(seconds=number, milliseconds=250),
    }
    made.update({name.replace("__", "."): value for name, value in fields.items()})
    return made


SAMPLES: list[Event] = [
    event(0, message="Failed password for root from 10.0.0.9 port 22", host__name="web-1", source__ip="10.0.0.9",
          source__port=22, event__outcome="failure", tags=["ssh", "auth"], user__name="root"),
    event(1, message="Accepted password for 李雷 from 10.0.0.10", host__name="web-2", source__ip="10.0.0.10",
          source__port=50022, event__outcome="success", tags=["ssh"], user__name="李雷"),
    event(2, message="药品追溯码 81000000000000000001 上传失败", host__name="trace-1", event__outcome="failure",
          yaodun__biz__code=["81000000000000000001", "81000000000000000002"]),
    event(3, message="multi\nline text", host__name="WEB-1", source__ip="2001:db8::1", source__port=443,
          process__command_line="powershell.exe -NoP -Enc SQBFAFgA", event__duration=1500),
    event(4, message="", host__name="", source__ip="192.168.1.77", event__duration=2500, host__cpu__usage=0.5,
          file__code_signature__signed=True),
    event(5, host__name="db-1", related__ip=["10.0.0.9", "fe80::1"], host__cpu__usage=0.25,
          file__code_signature__signed=False, event__severity=-3),
    event(6, message="user.name a_b x-y 10.0.0.9 ZÜRICH", host__name="db-2", event__severity=7, event__duration=0,
          winlog__event_data={"Image": "C:\\Windows\\a.exe", "LogonType": 3, "Deep": {"Key": "v1"},
                              "List": ["p", "q"]}),
    event(7, host__name="db-10", winlog__event_data={"Image": "D:\\b.exe", "LogonType": "10"}, event__severity=7,
          yaodun__flat={"vendor.extra": "yes", "vendor.count": 5}, url__original="/a%2fb?x=1_2"),
    event(8, message="percent 100% under_score back\\slash star* quest?", host__name="db-2", event__duration=2500,
          process__command_line="cmd /c echo 100% *done*"),
    event(9, message="password", host__name="web-1", source__ip="10.0.0.200", event__outcome="failure", tags=[],
          user__name="root", source__port=22),
]  # fmt: skip


def batch(
    events: Sequence[Event], segment: int = 1, offset: int = 100, stream: Stream = Stream.LOGS, spool: str = "test"
) -> Batch:
    """``events`` as one turn of the pipeline."""
    return Batch(
        spool=spool,
        position=SpoolPosition(segment, offset),
        events={stream: events},
        counts={"sample": SourceCount(stored=len(events))},
    )


def ask(
    node: Filter | None = None,
    *,
    sort: tuple[Sort, ...] = (Sort("@timestamp"),),
    limit: int = 100,
    after: str | None = None,
    fields: tuple[str, ...] = (),
    window: Window = DAY,
    streams: tuple[str, ...] = ("logs",),
    count_up_to: int = 10_000,
) -> Query:
    """A query with the defaults of these suites."""
    return Query(
        streams=streams, window=window, filter=node or All(), sort=sort, limit=limit, after=after, fields=fields,
        count_up_to=count_up_to,
    )  # fmt: skip
