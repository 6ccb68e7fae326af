"""What every event store must do, whatever it is made of."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from infra.errors import AppError, ErrorKind
from infra.events.stream import Event, Stream
from infra.spool.position import SpoolPosition
from infra.store.query.tree import (
    All,
    And,
    Anywhere,
    Cardinality,
    Cidr,
    Composite,
    DateHistogram,
    Exists,
    Filter,
    Filters,
    Histogram,
    Ids,
    Match,
    Not,
    Or,
    Percentiles,
    Phrase,
    Prefix,
    Range,
    Ranges,
    RareTerms,
    Regex,
    Sort,
    Stats,
    Term,
    Terms,
    TermsCount,
    TopHits,
    Wildcard,
    Window,
)
from infra.store.seams import Batch, EventStore, SourceCount
from tests.contract.conftest import MakeStore
from tests.contract.event_samples import DAY, NOON, SAMPLES, ask, batch, event


def numbers(events: tuple[Event, ...]) -> list[int]:
    return [int(one["event.id"].rpartition("-")[2]) for one in events]


def found(store: EventStore, node: Filter) -> list[int]:
    page = store.search(ask(node))
    assert page.total == len(page.events)
    return sorted(numbers(page.events))


class TestAppending:
    def test_what_went_in_comes_out_unchanged(self, filled: EventStore) -> None:
        page = filled.search(ask())
        assert page.total == len(SAMPLES)
        assert list(page.events) == list(reversed(SAMPLES))

    def test_a_batch_at_or_before_the_committed_position_changes_nothing(self, make_store: MakeStore) -> None:
        store = make_store()
        store.append(batch(SAMPLES[:3], 1, 100))
        for segment, offset in ((1, 100), (1, 50), (0, 999)):
            store.append(batch(SAMPLES[3:6], segment, offset))
        assert store.search(ask()).total == 3
        assert store.counts() == {"sample": SourceCount(stored=3)}
        again = make_store()
        again.append(batch(SAMPLES[3:6], 1, 100))
        assert again.committed("test") == SpoolPosition(1, 100)
        assert again.search(ask()).total == 3

    def test_positions_of_several_spools_are_apart(self, store: EventStore) -> None:
        store.append(batch(SAMPLES[:2], 5, 5, spool="one"))
        store.append(batch(SAMPLES[2:5], 1, 1, spool="two"))
        assert store.committed("one") == SpoolPosition(5, 5)
        assert store.committed("two") == SpoolPosition(1, 1)
        assert store.committed("three") == SpoolPosition()
        assert store.search(ask()).total == 5

    def test_counts_add_up_over_batches(self, store: EventStore) -> None:
        for offset in (1, 2):
            store.append(
                Batch(
                    spool="test",
                    position=SpoolPosition(1, offset),
                    events={Stream.LOGS: [event(offset)], Stream.QUARANTINE: [event(offset + 10)]},
                    counts={"a": SourceCount(1, 1, 2, newest_ns=9 - offset), "b": SourceCount(quarantined=2)},
                )
            )
        assert store.counts() == {"a": SourceCount(2, 2, 4, newest_ns=8), "b": SourceCount(0, 4)}

    def test_ids_are_known_once_they_are_in(self, store: EventStore) -> None:
        store.append(batch(SAMPLES[:3]))
        ids = [one["event.id"] for one in SAMPLES[:5]]
        assert store.present(ids) == set(ids[:3])
        assert store.present([]) == set()
        assert sorted(store.ids_since("2026112412")) == ids[:3]
        assert list(store.ids_since("2026112413")) == []

    def test_a_batch_without_events_moves_the_position(self, store: EventStore) -> None:
        store.append(batch([], 3, 7))
        assert store.committed("test") == SpoolPosition(3, 7)

    def test_streams_are_apart_and_none_named_means_all(self, store: EventStore) -> None:
        store.append(batch(SAMPLES[:2], 1, 1, Stream.LOGS))
        store.append(batch(SAMPLES[2:3], 1, 2, Stream.METRICS))
        assert numbers(store.search(ask(streams=("metrics",))).events) == [2]
        assert store.search(ask(streams=("logs", "metrics"))).total == 3
        assert store.search(ask(streams=())).total == 3
        assert {stream: one.events for stream, one in store.stats().items()} == {Stream.LOGS: 2, Stream.METRICS: 1}

    def test_fields_the_table_does_not_know_are_kept_and_found(self, store: EventStore) -> None:
        store.append(batch([event(1, acme__colour="red"), event(2, acme__colour=["blue", "green"])]))
        assert found(store, Term("acme.colour", "red")) == [1]
        assert found(store, Term("acme.colour", "green")) == [2]

    def test_an_event_comes_back_by_its_id(self, filled: EventStore) -> None:
        assert filled.get(SAMPLES[6]["event.id"]) == SAMPLES[6]
        assert filled.get("2026112412-999999") is None
        assert filled.get("") is None


FILTERS: list[tuple[Filter, list[int]]] = [
    (All(), list(range(10))),
    (Term("host.name", "web-1"), [0, 9]),
    (Term("host.name", "web-1", ignore_case=True), [0, 3, 9]),
    (Term("host.name", ""), [4]),
    (Term("source.port", 22), [0, 9]),
    (Term("source.port", "22"), [0, 9]),
    (Term("tags", "ssh"), [0, 1]),
    (Term("file.code_signature.signed", False), [5]),
    (Term("source.ip", "2001:DB8:0:0::1"), [3]),
    (Term("related.ip", "fe80::1"), [5]),
    (Term("message", "password"), [0, 1, 9]),
    (Term("user.name", "李雷"), [1]),
    (Terms("host.name", ("db-1", "db-2")), [5, 6, 8]),
    (Terms("tags", ("auth", "none")), [0]),
    (Terms("host.name", ()), []),
    (Exists("message"), [0, 1, 2, 3, 4, 6, 8, 9]),
    (Exists("tags"), [0, 1]),
    (Exists("winlog.event_data.Image"), [6, 7]),
    (Exists("winlog.event_data"), [6, 7]),
    (Exists("acme.unheard.of"), []),
    (Not(Exists("source.ip")), [2, 5, 6, 7, 8]),
    (Not(Term("event.outcome", "failure")), [1, 3, 4, 5, 6, 7, 8]),
    (Not(Term("tags", "ssh")), [2, 3, 4, 5, 6, 7, 8, 9]),
    (And((Term("host.name", "web-1"), Not(Term("tags", "ssh")))), [9]),
    (And(()), list(range(10))),
    (Or((Term("host.name", "db-1"), Term("source.port", 443))), [3, 5]),
    (Or(()), []),
    (Range("source.port", gte=22, lt=443), [0, 9]),
    (Range("event.severity", lt=0), [5]),
    (Range("host.cpu.usage", gt=0.25), [4]),
    (Range("host.name", gte="db-1", lt="db-2"), [5, 7]),
    (Range("source.ip", gt="10.0.0.9", lte="10.0.0.200"), [1, 9]),
    (Range("tags", gte="auti", lt="ssg"), []),
    (Range("source.port", gte=22, gt=22, lte=443, lt=50022), [3]),
    (Range("event.ingested", gte="2026-11-24T12:00:08Z"), [8, 9]),
    (Range("event.ingested", lt="2026-11-24T20:00:00.250+08:00"), []),
    (Range("event.ingested", lte="2026-11-24T20:00:00.250+08:00"), [0]),
    (Prefix("host.name", "db-1"), [5, 7]),
    (Prefix("host.name", "WEB", ignore_case=True), [0, 1, 3, 9]),
    (Wildcard("process.command_line", "*POWERSHELL*enc*"), [3]),
    (Wildcard("host.name", "db-?", ignore_case=False), [5, 6, 8]),
    (Wildcard("host.name", "DB-?", ignore_case=False), []),
    (Wildcard("process.command_line", "*100% \\*done\\*"), [8]),
    (Wildcard("process.command_line", "*_*"), []),
    (Wildcard("url.original", "/a%2fb?x=1_?"), [7]),
    (Wildcard("winlog.event_data.Image", "c:\\\\windows\\\\*"), [6]),
    (Wildcard("message", "multi*text"), [3]),
    (Regex("host.name", "(web|db)-[12]"), [0, 1, 5, 6, 8, 9]),
    (Regex("host.name", "web"), []),
    (Regex("host.name", "WEB-\\d", ignore_case=True), [0, 1, 3, 9]),
    (Regex("message", "multi.line.*"), [3]),
    (Match("message", "from password"), [0, 1]),
    (Match("message", "root 追", any=True), [0, 2]),
    (Match("message", "10.0.0.9"), [0, 6]),
    (Match("message", "zürich"), [6]),
    (Match("message", "..."), []),
    (Phrase("message", "password for"), [0, 1]),
    (Phrase("message", "for password"), []),
    (Phrase("message", "追溯码"), [2]),
    (Phrase("message", "溯追"), []),
    (Phrase("message", "药品追溯码 81000000000000000001"), [2]),
    (Phrase("message", "追溯码81000000000000000001上传"), [2]),
    (Phrase("message", "8100000000000000000"), []),
    (Phrase("message", "line text"), [3]),
    (Phrase("message", "under_score"), [8]),
    (Cidr("source.ip", "10.0.0.0/25"), [0, 1]),
    (Cidr("source.ip", "10.0.0.8/31"), [0]),
    (Cidr("source.ip", "2001:db8::/32"), [3]),
    (Cidr("source.ip", "0.0.0.0/0"), [0, 1, 4, 9]),
    (Cidr("related.ip", "fe80::/10"), [5]),
    (Ids(("2026112412-000003", "nothing")), [3]),
    (Ids(()), []),
    (Term("winlog.event_data.LogonType", 3), [6]),
    (Term("winlog.event_data.LogonType", "10"), [7]),
    (Term("winlog.event_data.Deep.Key", "v1"), [6]),
    (Term("winlog.event_data.List", "q"), [6]),
    (Term("vendor.count", 5), [7]),
    (Anywhere("10.0.0.9"), [0, 5, 6]),
    (Anywhere("追溯"), [2]),
    (Anywhere("noP"), [3]),
]


@pytest.mark.parametrize(("node", "expected"), FILTERS, ids=lambda part: repr(part)[:60])
def test_filters(filled: EventStore, node: Filter, expected: list[int]) -> None:
    assert found(filled, node) == expected


@pytest.mark.parametrize(
    ("node", "place"),
    [
        (Term("source.port", "http"), "source.port"),
        (Range("event.ingested", gte="yesterday"), "event.ingested"),
        (Term("source.ip", "10.0.0"), "source.ip"),
        (Cidr("source.ip", "10.0.0.0/99"), "source.ip"),
        (Cidr("host.name", "10.0.0.0/9"), "host.name"),
        (Regex("host.name", "a(?=b)"), "host.name:2"),
        (Regex("host.name", "a("), "host.name"),
        (Term("", "x"), "field"),
        (Wildcard("host.name", "*a" * 40), "host.name"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_its_place(filled: EventStore, node: Filter, place: str) -> None:
    with pytest.raises(AppError) as refused:
        filled.search(ask(node))
    assert refused.value.kind is ErrorKind.INVALID
    assert str(refused.value.detail["place"]).startswith(place)


class TestWindow:
    def test_the_start_is_in_and_the_end_is_not(self, filled: EventStore) -> None:
        window = Window(NOON + timedelta(seconds=2), NOON + timedelta(seconds=5))
        assert numbers(filled.search(ask(window=window)).events) == [4, 3, 2]

    def test_microseconds_count(self, store: EventStore) -> None:
        moments = [NOON + timedelta(microseconds=part) for part in (1, 2, 3)]
        store.append(batch([{**event(n), "@timestamp": moment} for n, moment in enumerate(moments)]))
        assert numbers(store.search(ask(window=Window(moments[1], moments[2]))).events) == [1]

    def test_other_zones_mean_the_same_moment(self, store: EventStore) -> None:
        from zoneinfo import ZoneInfo

        shanghai = NOON.astimezone(ZoneInfo("Asia/Shanghai"))
        store.append(batch([{**event(0), "@timestamp": shanghai}]))
        assert store.search(ask(window=Window(NOON, NOON + timedelta(seconds=1)))).events[0]["@timestamp"] == NOON


class TestPaging:
    @pytest.mark.parametrize(
        "sort",
        [
            (Sort("@timestamp"),),
            (Sort("@timestamp", descending=False),),
            (Sort("host.name", descending=False),),
            (Sort("host.name"), Sort("@timestamp", descending=False)),
            (Sort("source.ip", descending=False),),
            (Sort("event.severity"),),
            (Sort("tags"),),
            (Sort("event.duration"), Sort("source.port", descending=False)),
        ],
        ids=str,
    )
    def test_pages_put_together_are_the_whole_in_order(self, filled: EventStore, sort: tuple[Sort, ...]) -> None:
        whole = numbers(filled.search(ask(sort=sort)).events)
        assert sorted(whole) == list(range(10))
        pages: list[int] = []
        after = None
        while True:
            page = filled.search(ask(sort=sort, limit=3, after=after))
            assert page.total == 10
            pages += numbers(page.events)
            after = page.after
            if after is None:
                break
        assert pages == whole

    def test_missing_values_come_last_both_ways(self, filled: EventStore) -> None:
        rising = numbers(filled.search(ask(sort=(Sort("event.severity", descending=False),))).events)
        falling = numbers(filled.search(ask(sort=(Sort("event.severity"),))).events)
        assert rising[:3] == [5, 6, 7]
        assert falling[:3] == [6, 7, 5]
        assert rising[3:] == falling[3:] == [0, 1, 2, 3, 4, 8, 9]

    def test_addresses_sort_by_number(self, filled: EventStore) -> None:
        page = filled.search(ask(Exists("source.ip"), sort=(Sort("source.ip", descending=False),)))
        assert [one["source.ip"] for one in page.events] == [
            "10.0.0.9", "10.0.0.10", "10.0.0.200", "192.168.1.77", "2001:db8::1",
        ]  # fmt: skip

    def test_equal_times_are_told_apart_by_id(self, store: EventStore) -> None:
        store.append(batch([{**event(n), "@timestamp": NOON} for n in (3, 1, 2, 0)]))
        first = store.search(ask(limit=2))
        second = store.search(ask(limit=2, after=first.after))
        assert numbers(first.events + second.events) == [0, 1, 2, 3]

    def test_chosen_fields_only(self, filled: EventStore) -> None:
        page = filled.search(ask(Ids((SAMPLES[6]["event.id"],)), fields=("host.name", "winlog.event_data.Deep.Key")))
        assert page.events[0] == {
            "@timestamp": SAMPLES[6]["@timestamp"],
            "event.id": SAMPLES[6]["event.id"],
            "host.name": "db-2",
            "winlog.event_data.Deep.Key": "v1",
        }

    def test_a_limit_of_nothing_counts_only(self, filled: EventStore) -> None:
        page = filled.search(ask(Term("host.name", "web-1"), limit=0))
        assert (page.events, page.total) == ((), 2)

    @pytest.mark.parametrize("cursor", ["", "%%%", "AAAA", "gqFh"])
    def test_a_false_cursor_is_refused(self, filled: EventStore, cursor: str) -> None:
        if cursor:
            with pytest.raises(AppError) as refused:
                filled.search(ask(after=cursor))
            assert refused.value.kind is ErrorKind.INVALID

    def test_a_cursor_of_another_order_is_refused(self, filled: EventStore) -> None:
        after = filled.search(ask(limit=2)).after
        with pytest.raises(AppError):
            filled.search(ask(limit=2, after=after, sort=(Sort("host.name"),)))

    def test_words_have_no_order(self, filled: EventStore) -> None:
        with pytest.raises(AppError):
            filled.search(ask(sort=(Sort("message"),)))


def counted(store: EventStore, agg: Any, node: Filter | None = None, window: Window = DAY) -> list[tuple[Any, int]]:
    answer = store.aggregate(ask(node, window=window), {"it": agg})["it"]
    return [(bucket.key, bucket.count) for bucket in answer.buckets]


class TestAggregations:
    def test_terms_by_count_then_key(self, filled: EventStore) -> None:
        assert counted(filled, TermsCount("host.name", size=4)) == [("db-2", 2), ("web-1", 2), ("", 1), ("WEB-1", 1)]

    def test_terms_of_many_values_count_each(self, filled: EventStore) -> None:
        assert counted(filled, TermsCount("tags")) == [("ssh", 2), ("auth", 1)]

    def test_terms_with_a_name_for_missing(self, filled: EventStore) -> None:
        assert counted(filled, TermsCount("event.outcome", missing="none")) == [
            ("none", 6), ("failure", 3), ("success", 1),
        ]  # fmt: skip
        assert counted(filled, TermsCount("tags", missing="none")) == [("none", 8), ("ssh", 2), ("auth", 1)]

    def test_terms_of_addresses_numbers_and_truths(self, filled: EventStore) -> None:
        assert [key for key, _ in counted(filled, TermsCount("source.ip"))][:3] == [
            "10.0.0.9",
            "10.0.0.10",
            "10.0.0.200",
        ]
        assert counted(filled, TermsCount("source.port")) == [(22, 2), (443, 1), (50022, 1)]
        assert counted(filled, TermsCount("file.code_signature.signed")) == [(False, 1), (True, 1)]

    def test_terms_of_flat_keys(self, filled: EventStore) -> None:
        try:
            logons = counted(filled, TermsCount("winlog.event_data.LogonType"))
        except AppError as error:
            if "painless" in str(error):
                pytest.skip("this server has no painless scripts; take a distribution with the module lang-painless")
            raise
        assert logons == [("10", 1), ("3", 1)]
        assert counted(filled, TermsCount("winlog.event_data.List")) == [("p", 1), ("q", 1)]

    def test_rare_terms(self, filled: EventStore) -> None:
        assert counted(filled, RareTerms("event.outcome", max_count=1)) == [("success", 1)]

    def test_histogram_and_ranges(self, filled: EventStore) -> None:
        assert counted(filled, Histogram("event.duration", 1000.0)) == [(0.0, 1), (1000.0, 1), (2000.0, 2)]
        ranges = Ranges("event.duration", ((None, 1500.0), (1500.0, 2500.0), (0.0, None), (9e9, None)))
        assert counted(filled, ranges) == [
            ("*-1500", 1), ("1500-2500", 1), ("0-*", 4), ("9e+09-*", 0),
        ]  # fmt: skip

    def test_filters_may_overlap_and_be_empty(self, filled: EventStore) -> None:
        agg = Filters({"b": Term("tags", "ssh"), "a": All(), "z": Term("tags", "never")})
        assert counted(filled, agg) == [("b", 2), ("a", 10), ("z", 0)]

    def test_a_time_histogram_has_every_step_of_the_window(self, store: EventStore) -> None:
        moments = [NOON, NOON + timedelta(minutes=2), NOON + timedelta(minutes=2, seconds=59)]
        store.append(batch([{**event(n), "@timestamp": at} for n, at in enumerate(moments)]))
        window = Window(NOON - timedelta(seconds=30), NOON + timedelta(minutes=4))
        assert counted(store, DateHistogram(60), window=window) == [
            ("2026-11-24T11:59:00.000Z", 0),
            ("2026-11-24T12:00:00.000Z", 1),
            ("2026-11-24T12:01:00.000Z", 0),
            ("2026-11-24T12:02:00.000Z", 2),
            ("2026-11-24T12:03:00.000Z", 0),
        ]

    def test_days_begin_at_local_midnight(self, store: EventStore) -> None:
        at = [datetime(2026, 11, 23, 15, 59, tzinfo=UTC), datetime(2026, 11, 23, 16, 1, tzinfo=UTC)]
        store.append(batch([{**event(n), "@timestamp": moment} for n, moment in enumerate(at)]))
        window = Window(datetime(2026, 11, 22, 16, tzinfo=UTC), datetime(2026, 11, 24, 16, tzinfo=UTC))
        assert counted(store, DateHistogram(86_400, zone="Asia/Shanghai"), window=window) == [
            ("2026-11-22T16:00:00.000Z", 1),
            ("2026-11-23T16:00:00.000Z", 1),
        ]

    def test_a_day_of_a_clock_change_has_25_hours(self, store: EventStore) -> None:
        at = [datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1, 22, 23)]
        store.append(batch([{**event(n), "@timestamp": moment} for n, moment in enumerate(at)]))
        window = Window(datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2026, 10, 26, 23, tzinfo=UTC))
        assert counted(store, DateHistogram(86_400, zone="Europe/Berlin"), window=window) == [
            ("2026-10-24T22:00:00.000Z", 3),
            ("2026-10-25T23:00:00.000Z", 1),
        ]

    def test_too_many_buckets_are_refused(self, filled: EventStore) -> None:
        with pytest.raises(AppError) as refused:
            counted(filled, DateHistogram(1))
        assert refused.value.kind is ErrorKind.INVALID

    def test_composite_walks_all_pairs_in_order(self, filled: EventStore) -> None:
        pairs: list[Any] = []
        after = None
        while True:
            agg = Composite(("host.name", "tags"), size=1, after=after)
            answer = filled.aggregate(ask(), {"it": agg})["it"]
            pairs += [(tuple(bucket.key), bucket.count) for bucket in answer.buckets]
            after = answer.after
            if after is None:
                break
        assert pairs == [(("web-1", "auth"), 1), (("web-1", "ssh"), 1), (("web-2", "ssh"), 1)]

    def test_numbers(self, filled: EventStore) -> None:
        answers = filled.aggregate(
            ask(),
            {
                "hosts": Cardinality("host.name"),
                "tags": Cardinality("tags"),
                "time": Stats("event.duration"),
                "none": Stats("process.pid"),
                "half": Percentiles("host.cpu.usage", (0.0, 100.0)),
            },
        )
        assert answers["hosts"].values == {"value": 8}
        assert answers["tags"].values == {"value": 2}
        assert answers["time"].values == {"count": 4, "min": 0, "max": 2500, "avg": 1625, "sum": 6500}
        assert answers["none"].values == {"count": 0, "min": None, "max": None, "avg": None, "sum": None}
        assert answers["half"].values == {"0.0": 0.25, "100.0": 0.5}

    def test_nesting_three_deep(self, filled: EventStore) -> None:
        agg = DateHistogram(
            86_400,
            inner={
                "hosts": TermsCount(
                    "host.name",
                    size=2,
                    inner={"ports": TermsCount("source.port"), "newest": TopHits(1, ("host.name",))},
                )
            },
        )
        (day,) = filled.aggregate(ask(), {"it": agg})["it"].buckets
        hosts = day.inner["hosts"].buckets
        assert [(host.key, host.count) for host in hosts] == [("db-2", 2), ("web-1", 2)]
        assert [(port.key, port.count) for port in hosts[1].inner["ports"].buckets] == [(22, 2)]
        assert hosts[0].inner["ports"].buckets == ()
        assert [hit["event.id"] for hit in hosts[1].inner["newest"].hits] == [SAMPLES[9]["event.id"]]

    def test_deeper_nesting_is_refused(self, filled: EventStore) -> None:
        agg: Any = Stats("source.port")
        for _ in range(3):
            agg = TermsCount("host.name", inner={"next": agg})
        with pytest.raises(AppError):
            counted(filled, agg)

    @pytest.mark.parametrize("agg", [TermsCount("message"), Stats("host.name"), Histogram("source.port", 0.0)])
    def test_what_cannot_be_counted_is_refused(self, filled: EventStore, agg: Any) -> None:
        with pytest.raises(AppError) as refused:
            counted(filled, agg)
        assert refused.value.kind is ErrorKind.INVALID

    def test_an_empty_store_gives_empty_answers(self, store: EventStore) -> None:
        answers = store.aggregate(
            ask(), {"t": TermsCount("host.name"), "s": Stats("source.port"), "d": DateHistogram(86_400)}
        )
        assert answers["t"].buckets == ()
        assert answers["s"].values["count"] == 0
        assert [bucket.count for bucket in answers["d"].buckets] == [0]
        assert store.search(ask()).events == ()


class TestDays:
    def test_a_day_is_dropped_whole_and_alone(self, make_store: MakeStore) -> None:
        store = make_store()
        yesterday = [{**event(n), "@timestamp": NOON - timedelta(days=1)} for n in range(3)]
        store.append(batch([*yesterday, event(5)], 1, 1))
        store.append(batch([event(6)], 1, 2, Stream.METRICS))
        assert store.days(Stream.LOGS) == [date(2026, 11, 23), date(2026, 11, 24)]
        assert store.drop_day(Stream.LOGS, date(2026, 11, 23)) == 3
        assert store.days(Stream.LOGS) == [date(2026, 11, 24)]
        wide = Window(NOON - timedelta(days=9), NOON + timedelta(days=9))
        assert store.search(ask(window=wide, streams=())).total == 2
        assert store.drop_day(Stream.LOGS, date(2026, 11, 23)) == 0
        assert make_store().search(ask(window=wide, streams=())).total == 2

    def test_an_event_of_long_ago_counts_from_the_day_it_came(self, store: EventStore) -> None:
        old = datetime(2019, 5, 1, tzinfo=UTC)
        store.append(batch([{**event(1), "@timestamp": old}]))
        assert store.days(Stream.LOGS) == [NOON.date()]
        assert store.search(ask(window=Window(old, old + timedelta(days=1)))).total == 1
        assert store.search(ask()).total == 0
