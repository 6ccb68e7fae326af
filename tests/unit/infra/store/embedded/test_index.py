"""The index never misses: whatever a row holds is found in rows that include it; and it tells most others apart."""

from __future__ import annotations

import os
import random
import struct
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.clock import ManualClock
from infra.store.embedded import EmbeddedStore, index, items
from infra.store.embedded.columns import to_arrow
from infra.store.embedded.compact import Tiers, compact
from infra.store.query.addresses import ip_key
from infra.store.query.tokens import tokens
from infra.store.query.tree import And, Anywhere, Ids, Match, Not, Or, Phrase, Term, Terms, TermsCount
from tests.contract.event_samples import ask, batch, event

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
texts = st.text(max_size=40) | st.sampled_from(
    ["药品追溯码 0123 失败", "İstanbul ΣΊΣΥΦΟΣ straße", "a_b-c.d/e", "ﬁ ǅ ①②", "x" * 3000, "e\u0301 \u0345 ß"]
)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(texts, texts, st.lists(texts, max_size=3)), min_size=1, max_size=12), st.integers(1, 4))
def test_every_word_and_value_is_found_where_it_is(rows: list[tuple[str, str, list[str]]], width: int) -> None:
    events = [
        {"@timestamp": NOON, "event.id": f"id-{at}", "message": message, "host.name": host, "tags": tags,
         "source.ip": f"192.0.2.{at}"}
        for at, (message, host, tags) in enumerate(rows)
    ]  # fmt: skip
    with patch.object(index, "stretch_rows", lambda _: width):
        made = index.Index(index.build(to_arrow(events)))
    for at, (message, host, tags) in enumerate(rows):
        found = [
            made.value("event.id", f"id-{at}"),
            made.value("host.name", host),
            made.value("source.ip", ip_key(f"192.0.2.{at}")),
            *(made.value("tags", tag) for tag in tags),
            *(made.word("message", word) for word in tokens(message)),
        ]
        assert all(any(start <= at < end for start, end in spans) for spans in found)
        assert not made.word("host.name", "surely-not-there")


def test_a_rare_word_is_told_by_its_rows_and_a_common_one_by_its_stretches() -> None:
    """One in 8 rows of two blocks, one in 9, one that is common in the first block of rows and rare in the second."""
    words: dict[int, list[str]] = {at: ["common"] for at in range(70_000)}
    for at in range(8):
        words[at * 9_000].append("eight")
        words[at * 9_000 + 1].append("nine")
    words[69_999] += ["nine", "mixed"]
    for at in range(20):
        words[at * 3].append("mixed")
    events = [{"@timestamp": NOON, "event.id": f"id-{at}", "message": " ".join(words[at])} for at in range(70_000)]
    made = index.Index(index.build(to_arrow(events)))
    assert made.width == 4096
    assert made.word("message", "eight") == tuple((at * 9_000, at * 9_000 + 1) for at in range(8))
    assert made.word("message", "common") == ((0, 18 * 4096),)
    assert made.word("message", "mixed") == ((0, 4096), (17 * 4096, 18 * 4096))
    assert all(start % 4096 == 0 for start, _ in made.word("message", "nine"))
    assert made.value("event.id", "id-69999") == ((69_999, 70_000),)
    strangers = sum(bool(made.word("message", f"other{at}")) for at in range(20_000))
    assert strangers < 20


def first_version(words: dict[str, list[int]], width: int) -> bytes:
    """A sidecar as the version before wrote it: masks and keys of what stands in several stretches, then keys and
    stretches of what stands in one."""
    keyed = sorted((index.key_of(word, index.word_salt("message")), places) for word, places in words.items())
    many = [(key, sum(1 << at for at in places)) for key, places in keyed if len(places) > 1]
    alone = [(key, places[0]) for key, places in keyed if len(places) == 1]
    return b"".join((
        struct.pack("<8sQQQ", b"YDINDEX\x01", width, len(alone), len(many)),
        *(struct.pack("<Q", mask) for _, mask in many), *(struct.pack("<I", key) for key, _ in many),
        *(struct.pack("<I", key) for key, _ in alone), bytes(place for _, place in alone),
    ))  # fmt: skip


def test_an_index_of_the_first_version_is_read_until_it_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "a.tokens"
    path.write_bytes(first_version({"here": [2], "there": [0, 1, 63], "药": [5]}, 4096))
    made = index.load(path)
    assert made is not None
    assert not made.current
    assert made.word("message", "here") == ((8192, 12_288),)
    assert made.word("message", "there") == ((0, 8192), (63 * 4096, 64 * 4096))
    assert made.word("message", "药") == ((5 * 4096, 6 * 4096),)
    assert made.word("message", "nowhere") == ()
    path.write_bytes(index.build(to_arrow([{"@timestamp": NOON, "event.id": "a", "message": "words"}])))
    os.utime(path, ns=(1, 1))
    renewed = index.load(path)
    assert renewed is not None
    assert renewed.current


def test_a_broken_or_older_sidecar_only_costs_time(tmp_path: Path) -> None:
    whole = index.build(to_arrow([{"@timestamp": NOON, "event.id": "a", "message": "words"}]))
    for number, content in enumerate((b"", b"YDBLOOM\x01" + bytes(40), whole[:-1], whole[:10])):
        path = tmp_path / f"{number}.tokens"
        path.write_bytes(content)
        assert index.load(path) is None
    assert index.load(tmp_path / "none.tokens") is None


@pytest.mark.parametrize("text", ["", "a", "药品", "\U0001f600", "x" * 5000])
def test_a_query_hashes_as_the_index_does(text: str) -> None:
    salt = index.value_salt("host.name")
    assert index.key_of(text, salt) == int(items._hashes(pa.array([text]), salt)[0])


def test_answers_are_the_same_with_and_without_an_index(tmp_path: Path) -> None:
    """Rare, common, absent and combined conditions; pages, totals, aggregations and single events."""
    clock = ManualClock(NOON)
    store = EmbeddedStore(tmp_path, clock)
    chance = random.Random(3)
    made = [
        event(at % 3600, event__id=f"2026112412-{at:06d}", message=f"try{at % 977} of 药品{at % 7} code{at}",
              host__name=f"h{at % 40}", source__ip=f"10.0.{at % 3}.{at % 251}", tags=[f"t{at % 11}"],
              process__command_line=f"run --id {at % 500}")
        for at in range(20_000)
    ]  # fmt: skip
    chance.shuffle(made)
    store.append(batch(made))
    compact(store, Tiers(width=1))
    asked = [
        Phrase("message", "code77"), Phrase("message", "药品3 code1830"), Match("message", "code9 code19000", any=True),
        Term("host.name", "h7"), Term("source.ip", "10.0.1.7"), Terms("tags", ("t1", "nothing")),
        And((Term("host.name", "h7"), Phrase("message", "try7"))),
        Or((Term("host.name", "h1"), Phrase("message", "code5"))),
        Not(Phrase("message", "code5")), Term("process.command_line", "run --id 7"), Phrase("message", "no such words"),
        Ids(("2026112412-000077", "2026112412-019999", "nobody")), Anywhere("code1234"),
    ]  # fmt: skip

    def answers() -> list[object]:
        found: list[object] = [store.get("2026112412-012345"), sorted(store.present(["2026112412-000001", "absent"]))]
        for node in asked:
            page = store.search(ask(node, limit=50, count_up_to=100_000))
            hosts = store.aggregate(ask(node), {"h": TermsCount("host.name", size=50)})
            found.append((page.events, page.total, page.total_is_lower_bound, hosts))
        return found

    with_index = answers()
    for path in tmp_path.glob("*/*/*.tokens"):
        path.unlink()
    assert answers() == with_index
    assert compact(store).indexed == 1
    assert answers() == with_index
    store.close()
