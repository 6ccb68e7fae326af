"""What keeper does to a store: compaction, retention, holds, integrity. Answers must not change by it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from infra.clock import ManualClock
from infra.errors import AppError, ErrorKind
from infra.events.stream import Stream
from infra.store.embedded import EmbeddedStore
from infra.store.embedded.compact import Tiers, compact
from infra.store.embedded.integrity import altered_segments
from infra.store.embedded.retain import Policy, Reason, retain
from infra.store.query.tree import Anywhere, Match, Phrase, Sort, Term, TermsCount, Window
from tests.contract.event_samples import NOON, SAMPLES, ask, batch, event

WIDE = Window(NOON - timedelta(days=400), NOON + timedelta(days=2))


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture
def store(tmp_path: Path, clock: ManualClock) -> Iterator[EmbeddedStore]:
    store = EmbeddedStore(tmp_path / "events", clock)
    yield store
    store.close()


def fill(store: EmbeddedStore, flushes: int, each: int = 5) -> None:
    words = random.Random(7)
    for flush in range(flushes):
        made = [
            event(flush * each + n, message=f"word{words.randrange(500)} 批次{flush}", host__name=f"h{n}")
            for n in range(each)
        ]
        store.append(batch(made, 1, flush + 1))


def files(store: EmbeddedStore) -> int:
    return len(list(store.folder.glob("*/*/*.parquet")))


class TestCompaction:
    def test_answers_stay_and_files_become_few(self, store: EmbeddedStore, clock: ManualClock) -> None:
        fill(store, 64)
        before = store.search(ask(limit=500))
        hosts = store.aggregate(ask(), {"h": TermsCount("host.name")})
        done = compact(store, Tiers(width=8, full_rows=200))
        assert done.replaced == 64
        assert sum(segment.rows for segment in done.made) == 320
        clock.advance(121)
        compact(store, Tiers(width=8, full_rows=200))
        assert files(store) == len(done.made)
        after = store.search(ask(limit=500))
        assert (after.events, after.total) == (before.events, before.total)
        assert store.aggregate(ask(), {"h": TermsCount("host.name")}) == hosts

    def test_old_files_stay_for_readers_until_the_grace_is_over(self, store: EmbeddedStore, clock: ManualClock) -> None:
        fill(store, 8)
        compact(store)
        assert files(store) == 9
        clock.advance(119)
        assert compact(store).unlinked == 0
        clock.advance(2)
        assert compact(store).unlinked == 8
        assert files(store) == 1

    def test_too_few_segments_wait_until_their_day_is_over(self, store: EmbeddedStore, clock: ManualClock) -> None:
        fill(store, 7)
        assert compact(store).made == []
        clock.advance(86_400)
        assert [segment.rows for segment in compact(store).made] == [35]

    def test_a_day_of_steady_flushes_has_few_files_at_any_time(self, store: EmbeddedStore, clock: ManualClock) -> None:
        most = 0
        for flush in range(400):
            store.append(batch([event(flush)], 1, flush + 1))
            if flush % 40 == 39:
                compact(store)
                most = max(most, len(store.manifest.live()))
        assert most <= 30
        assert store.search(ask()).total == 400

    def test_an_event_that_came_twice_is_kept_once(self, store: EmbeddedStore, clock: ManualClock) -> None:
        for flush in range(8):
            store.append(batch([event(1, message="first" if flush == 0 else "again"), event(flush + 10)], 1, flush + 1))
        done = compact(store)
        assert done.duplicates == 7
        page = store.search(ask())
        assert page.total == 9
        assert store.get(event(1)["event.id"])["message"] == "first"  # type: ignore[index]

    def test_two_keepers_do_not_meet(self, store: EmbeddedStore, clock: ManualClock) -> None:
        from infra.store.embedded.compact import _alone

        fill(store, 8)
        with _alone(store.folder) as alone:
            assert alone
            assert compact(store).made == []
        assert len(compact(store).made) == 1

    def test_a_day_dropped_meanwhile_stays_dropped(self, store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch) -> None:
        fill(store, 8)
        write = EmbeddedStore.drop_day

        def drop_first(*arguments: object, **named: object) -> object:
            write(store, Stream.LOGS, NOON.date())
            return original(*arguments, **named)  # type: ignore[operator]

        import infra.store.embedded.compact as module

        original: object = module.write_segment
        monkeypatch.setattr(module, "write_segment", drop_first)
        monkeypatch.setattr(module, "_read", lambda folder, group, read=module._read: read(folder, group))
        done = compact(store)
        assert done.made == []
        assert store.search(ask()).total == 0

    def test_schemas_of_different_flushes_merge(self, store: EmbeddedStore) -> None:
        for number, one in enumerate(SAMPLES):
            store.append(batch([one], 1, number + 1))
        compact(store)
        assert list(store.search(ask()).events) == list(reversed(SAMPLES))


class TestBlooms:
    def test_segments_without_the_word_are_not_opened(self, store: EmbeddedStore) -> None:
        fill(store, 8)
        store.append(batch([event(500, message="needle 针", source__ip="10.9.9.9")], 1, 99))
        for flush in range(7):
            store.append(batch([event(600 + flush, message="hay")], 1, 100 + flush))
        compact(store, Tiers(full_rows=40))
        everything = len(store._chosen(ask()))
        assert everything > 1
        for node in (
            Phrase("message", "needle"),
            Term("source.ip", "10.9.9.9"),
            Anywhere("needle"),
            Match("message", "针"),
        ):
            assert len(store._chosen(ask(node))) == 1, node
            assert store.search(ask(node)).total == 1
        assert store._chosen(ask(Term("host.name", "never"))) == []

    def test_every_word_of_every_sample_is_found_through_the_filter(self, store: EmbeddedStore) -> None:
        from infra.store.query.tokens import tokens

        for number, one in enumerate(SAMPLES):
            store.append(batch([one], 1, number + 1))
        compact(store)
        for one in SAMPLES:
            for word in tokens(one.get("message", "")):
                ids = {hit["event.id"] for hit in store.search(ask(Phrase("message", word))).events}
                assert one["event.id"] in ids, word


class TestRetention:
    def put(self, store: EmbeddedStore, clock: ManualClock, days_ago: int, stream: Stream = Stream.LOGS) -> date:
        back = NOON - timedelta(days=days_ago)
        clock._now = back
        store.append(
            batch(
                [{**event(days_ago), "@timestamp": back, "event.ingested": back}],
                1,
                1000 - days_ago,
                stream,
                spool=stream,
            )
        )
        clock._now = NOON
        return back.date()

    def test_days_go_when_their_time_is_over_and_not_before(self, store: EmbeddedStore, clock: ManualClock) -> None:
        for days_ago in (184, 183, 1):
            self.put(store, clock, days_ago)
        gone = retain(store, Policy(least_free_bytes=0))
        assert [(one.day, one.events, one.reason) for one in gone] == [(date(2026, 5, 24), 1, Reason.EXPIRED)]
        assert store.search(ask(window=WIDE)).total == 2

    def test_streams_have_times_of_their_own(self, store: EmbeddedStore, clock: ManualClock) -> None:
        self.put(store, clock, 40, Stream.LOGS)
        self.put(store, clock, 40, Stream.METRICS)
        gone = retain(store, Policy(stream_days={Stream.METRICS: 30}, least_free_bytes=0))
        assert [one.stream for one in gone] == [Stream.METRICS]

    def test_a_full_disk_takes_the_oldest_days_and_never_today(self, store: EmbeddedStore, clock: ManualClock) -> None:
        days = [self.put(store, clock, days_ago) for days_ago in (3, 2, 0)]
        gone = retain(store, Policy(least_free_bytes=100), free=lambda _: 0)
        assert [(one.day, one.reason) for one in gone] == [(days[0], Reason.DISK), (days[1], Reason.DISK)]
        assert store.days(Stream.LOGS) == [days[2]]

    def test_no_more_goes_than_the_disk_needs(self, store: EmbeddedStore, clock: ManualClock) -> None:
        days = [self.put(store, clock, days_ago) for days_ago in (3, 2, 1)]
        room = iter([0, 100])
        gone = retain(store, Policy(least_free_bytes=100), free=lambda _: next(room))
        assert [one.day for one in gone] == days[:1]

    def test_a_hold_outlives_time_and_disk(self, store: EmbeddedStore, clock: ManualClock) -> None:
        held = self.put(store, clock, 300)
        store.manifest.hold(Stream.LOGS, held.isoformat(), "case 7")
        assert retain(store, Policy(least_free_bytes=100), free=lambda _: 0) == []
        with pytest.raises(AppError, match="case 7") as refused:
            store.drop_day(Stream.LOGS, held)
        assert refused.value.kind is ErrorKind.CONFLICT
        store.manifest.unhold(Stream.LOGS, held.isoformat())
        assert [one.day for one in retain(store, Policy(least_free_bytes=0))] == [held]


def test_an_altered_segment_is_named(store: EmbeddedStore) -> None:
    fill(store, 2)
    assert altered_segments(store, Stream.LOGS, NOON.date()) == []
    victim = sorted(store.folder.glob("*/*/*.parquet"))[0]
    data = bytearray(victim.read_bytes())
    data[len(data) // 2] ^= 1
    victim.write_bytes(bytes(data))
    assert altered_segments(store, Stream.LOGS, NOON.date()) == [str(victim.relative_to(store.folder))]


def test_orphans_of_a_crash_are_swept_and_nothing_else(store: EmbeddedStore, clock: ManualClock) -> None:
    fill(store, 2)
    orphan = store.folder / "logs" / NOON.date().isoformat() / "test-9-9.parquet"
    orphan.write_bytes(b"half")
    assert store.sweep(timedelta(days=-3650)) == 1
    assert not orphan.exists()
    assert store.search(ask()).total == 10


def test_keys_of_flat_fields_have_an_order(store: EmbeddedStore) -> None:
    store.append(batch(SAMPLES))
    page = store.search(ask(sort=(Sort("winlog.event_data.LogonType", descending=False),), limit=2))
    assert [one["event.id"] for one in page.events] == [SAMPLES[7]["event.id"], SAMPLES[6]["event.id"]]
