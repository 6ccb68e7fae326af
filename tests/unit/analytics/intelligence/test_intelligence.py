"""Feeds in, indicators kept, values met: what people see of threat intelligence."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.intelligence import Shelf
from analytics.intelligence.detector import IndicatorDetector
from analytics.intelligence.folder import Taken, take_folder
from analytics.intelligence.indicator import IndicatorKind, ThreatIndicator, told
from analytics.intelligence.stix import values_of
from analytics.intelligence.taxii import MEDIA, Answer, ask, bundle_of, merged, objects_in
from infra.errors import AppError, ErrorKind
from infra.events import Signal

NOW = datetime(2026, 11, 20, tzinfo=UTC)
BUNDLE = {
    "type": "bundle",
    "objects": [
        {"type": "indicator", "name": "C2", "pattern_type": "stix", "confidence": 90,
         "valid_from": "2026-11-01T00:00:00Z",
         "pattern": "[ipv4-addr:value = '203.0.113.9' OR domain-name:value = 'evil.example']"},
        {"type": "indicator", "pattern": "[file:hashes.'SHA-256' = '" + "ab" * 32 + "']",
         "valid_until": "2026-11-10T00:00:00Z", "valid_from": "2026-10-01T00:00:00Z"},
        {"type": "indicator", "pattern": "[ipv4-addr:value = '198.51.100.1'] FOLLOWEDBY [url:value = 'http://x.example/']"},
        {"type": "malware", "name": "something else"},
    ],
}  # fmt: skip


class Site:
    """A folder of feeds, the shelf, and a detector on it."""

    def __init__(self, folder: Path) -> None:
        self.feeds, self.path = folder / "feeds", folder / "state" / "indicators.db"
        self.feeds.mkdir()
        self.shelf = Shelf(self.path, write=True)
        self.seconds = 0.0
        self.detector = IndicatorDetector(self.path, lambda: NOW, lambda: self.seconds)

    def give(self, name: str, content: str | bytes) -> list[Taken]:
        (self.feeds / name).write_bytes(content.encode() if isinstance(content, str) else content)
        return self.take()

    def take(self) -> list[Taken]:
        self.seconds += 10
        return take_folder(self.shelf, self.feeds, NOW, 90)

    def meet(self, **fields: Any) -> list[Signal]:
        names = {name.replace("__", "."): value for name, value in fields.items()}
        return self.detector.match([{"@timestamp": NOW, "event.id": "e1", **names}])


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path)
    yield made
    made.shelf.close()


def test_a_bundle_is_taken_in_and_what_it_cannot_say_is_refused_with_its_place(site: Site) -> None:
    [taken] = site.give("partner.json", json.dumps(BUNDLE))
    assert (taken.entries, taken.refused) == (3, 1)
    assert "partner.json: objects[2]" in taken.problem
    assert {one.value for one in site.shelf.of("evil.example", NOW)} == {"evil.example"}
    assert site.shelf.of("ab" * 32, NOW) == [], "it has expired"


def test_a_met_address_says_source_confidence_and_age(site: Site) -> None:
    site.give("partner.json", json.dumps(BUNDLE))
    [signal] = site.meet(source__ip="10.0.0.8", destination__ip="203.0.113.9")
    why = {one.field: (one.value, one.pattern) for one in signal.why}
    assert (signal.entity_type, signal.entity_value) == ("ip", "10.0.0.8")
    assert why["threat.indicator.provider"][0] == "partner.json"
    assert why["threat.indicator.confidence"][0] == "90"
    assert why["threat.indicator.age"][0] == "19 d"
    assert signal.level.value == "high"


@pytest.mark.parametrize("name", ["evil.example", "EVIL.example.", "a.b.evil.example"])
def test_a_domain_is_met_in_any_case_and_below(site: Site, name: str) -> None:
    site.give("list.txt", "# known\nevil[.]example\n")
    assert len(site.meet(dns__question__name=name)) == 1
    assert site.meet(dns__question__name="notevil.example") == []


@pytest.mark.parametrize("form", ["1AB" + "C" * 60 + "2", "1ab" + "c" * 60 + "2", "1aB" + "c" * 60 + "2"])
@pytest.mark.parametrize("networks", ["", "198.51.100.0/25"])
def test_a_hash_is_met_in_any_case(site: Site, form: str, networks: str) -> None:
    site.give("list.txt", f"1ab{'c' * 60}2\n{networks}\n")
    assert len(site.meet(process__hash__sha256=form)) == 1
    assert site.meet(process__hash__sha256="9" + form[1:]) == []


def test_networks_hold_their_addresses_and_no_others(site: Site) -> None:
    site.give("list.txt", "198.51.100.0/25\n2001:db8:5::/48\n")
    assert site.meet(source__ip="198.51.100.127")
    assert site.meet(source__ip="2001:db8:5::77")
    assert not site.meet(source__ip="198.51.100.128")


def test_a_feed_that_changes_or_goes_takes_its_word_with_it(site: Site) -> None:
    site.give("list.txt", "203.0.113.1\n203.0.113.2\n")
    assert site.meet(source__ip="203.0.113.1")
    site.give("list.txt", "203.0.113.2\n203.0.113.33\n")
    assert not site.meet(source__ip="203.0.113.1")
    assert site.meet(source__ip="203.0.113.33")
    (site.feeds / "list.txt").unlink()
    site.take()
    assert not site.meet(source__ip="203.0.113.33")


def test_what_the_store_was_searched_for_is_not_searched_again(site: Site) -> None:
    site.give("list.txt", "203.0.113.1\n")
    assert [one.value for one in site.shelf.unhunted(10)] == ["203.0.113.1"]
    site.shelf.note_hunted(["203.0.113.1"])
    [taken] = site.give("list.txt", "203.0.113.1\n203.0.113.2\n")
    assert taken.new == 1
    assert [one.value for one in site.shelf.unhunted(10)] == ["203.0.113.2"]


def test_what_the_page_of_feeds_reads_does_not_grow_with_their_number(site: Site) -> None:
    """The same indicators, from two files and from forty: each is looked at once."""

    def steps(files: int) -> int:
        shelf = Shelf(site.path.parent / f"{files}.db", write=True)
        each = 2_000 // files
        for number in range(files):
            said = [
                ThreatIndicator(kind=IndicatorKind.ADDRESS, value=f"10.{number}.{at // 250}.{at % 250}",
                                source=f"{number}", confidence=50, since=NOW, until=NOW + timedelta(days=1))
                for at in range(each)
            ]  # fmt: skip
            shelf.replace(f"{number}", said, NOW)
            shelf.note_file(f"{number}", "m", NOW, each, 0, "")
        shelf.note_file("refused", "m", NOW, 0, 1, "why")
        done = 0

        def step() -> None:
            nonlocal done
            done += 1

        shelf._base.set_progress_handler(step, 100)
        views = {view.source: view for view in shelf.by_source(NOW)}
        shelf.close()
        assert len(views) == files + 1
        assert (views["1"].counting, views["1"].expired, views["1"].oldest) == (each, 0, NOW)
        assert (views["refused"].counting, views["refused"].oldest) == (0, None)
        return done

    assert steps(40) < 2 * steps(2)


def test_columns_of_csv_say_confidence_and_end(site: Site) -> None:
    rows = "ioc_value,confidence,valid_until,malware\n203.0.113.7,20,2026-12-01T00:00:00Z,Loader\n,1,,\n"
    [taken] = site.give("feed.csv", rows)
    assert (taken.entries, taken.refused) == (1, 1)
    assert "feed.csv:3" in taken.problem
    [found] = site.shelf.of("203.0.113.7", NOW)
    assert (found.confidence, found.name, found.until) == (20, "Loader", datetime(2026, 12, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("name", "content", "place"),
    [
        ("a.json", "[" * 100_000, "a.json"), ("b.json", "{}", "b.json"), ("c.csv", "alpha,beta\n1,2\n", "c.csv:1"),
        ("d.txt", b"\xff\xfe\x00x", "d.txt"), ("e.exe", "MZ", "e.exe"), ("f.csv", b"ip\n\xff\n", "f.csv"),
    ],
)  # fmt: skip
def test_a_hostile_file_is_refused_with_place_and_the_others_stay(
    site: Site, name: str, content: str | bytes, place: str
) -> None:
    site.give("good.txt", "203.0.113.1\n")
    [taken] = site.give(name, content)
    assert taken.refused
    assert place in taken.problem
    assert ";" in taken.problem or "；" in taken.problem, "it says what to do"
    assert site.meet(source__ip="203.0.113.1")


def test_a_broken_renewal_leaves_what_was_known(site: Site) -> None:
    site.give("feed.csv", "ip\n203.0.113.1\n")
    site.give("feed.csv", b"\x00\x00")
    assert site.meet(source__ip="203.0.113.1")


@given(st.text(max_size=200))
def test_no_text_breaks_the_readers_of_values_and_patterns(text: str) -> None:
    known = told(text)
    assert known is None or told(known[1]) == known, "a plain form is its own plain form"
    values_of(f"[{text}]")


@given(st.ip_addresses())
def test_addresses_are_known_however_they_are_written(address: Any) -> None:
    assert told(str(address)) == (IndicatorKind.ADDRESS, str(address))
    assert told(address.exploded) == (IndicatorKind.ADDRESS, str(address))


class _Taxii(BaseHTTPRequestHandler):
    asked: list[tuple[str, str | None, str | None]] = []

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers["Accept"], self.headers["Authorization"]))
        more = "next=" not in self.path
        body = json.dumps({"more": more, "next": "2", "objects": BUNDLE["objects"][: 1 if more else 2]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", MEDIA)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


def test_a_collection_is_fetched_page_by_page(site: Site) -> None:
    server = HTTPServer(("127.0.0.1", 0), _Taxii)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        answer = ask(f"http://127.0.0.1:{server.server_port}/api/collections/1", "Basic eDp5")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert len(answer.objects) == 3
    assert _Taxii.asked[0][0].startswith("/api/collections/1/objects/")
    assert _Taxii.asked[0][1:] == (MEDIA, "Basic eDp5")
    [taken] = site.give("taxii.json", bundle_of(answer.objects, NOW))
    assert taken.entries


def test_a_later_poll_takes_only_what_was_added_since() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        fresh = request.url.params.get("added_after")
        known = [{**one, "id": f"indicator--{number}"} for number, one in enumerate(BUNDLE["objects"][:2])]
        gone = {**known[0], "revoked": True, "modified": "2026-02-01T00:00:00Z"}
        objects = [] if fresh == "later" else [gone] if fresh else known
        headers = {"X-TAXII-Date-Added-Last": "later" if fresh else "first"}
        return httpx.Response(200, json={"objects": objects}, headers=headers)

    def poll(after: str) -> Answer:
        return ask("http://127.0.0.1/c/1/", "", after, httpx.Client(transport=httpx.MockTransport(answer)))

    first = poll("")
    second = poll(first.last)
    third = poll(second.last)
    assert [one.url.params.get("added_after") for one in asked] == [None, "first", "later"]
    assert (second.last, third.last, third.objects) == ("later", "later", [])
    kept = merged(first.objects, second.objects)
    assert [(one["id"], one.get("revoked")) for one in kept] == [("indicator--0", True), ("indicator--1", None)]


@pytest.mark.parametrize("hostile", ["[" * 100_000, '{"objects": 5}', '{"objects": {"a": 1}}', "[]", "no JSON"])
def test_what_is_no_envelope_is_refused(hostile: str) -> None:
    client = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, text=hostile)))
    with pytest.raises(AppError) as caught:
        ask("http://127.0.0.1/c/1/", client=client)
    assert caught.value.kind is ErrorKind.UNAVAILABLE


@pytest.mark.parametrize("damaged", [b"", b'{"a": 1}', b'{"objects": 5}', b"[]", b'{"objects": [', b"[" * 100_000])
def test_a_damaged_bundle_has_no_objects(damaged: bytes) -> None:
    assert objects_in(damaged) is None


def test_a_bundle_leaves_out_what_is_over_and_nothing_else() -> None:
    ends = ["2026-11-20T00:00:00Z", "2026-11-20T07:59:00+08:00", "2026-11-20T00:00:01Z", "whenever", 5, None]
    objects = [{"id": str(end), "valid_until": end} for end in ends]
    kept = objects_in(bundle_of([*objects, {"id": "endless"}, "odd"], NOW))
    assert kept == [*objects[2:], {"id": "endless"}, "odd"]


def test_a_collection_in_clear_text_elsewhere_is_not_asked() -> None:
    with pytest.raises(AppError) as caught:
        ask("http://feeds.example/collections/1/")
    assert caught.value.kind is ErrorKind.INVALID


def test_expired_ones_are_not_met(site: Site) -> None:
    old = (NOW - timedelta(days=1)).isoformat().replace("+00:00", "Z")
    site.give("feed.csv", f"ip,valid_from,valid_until\n203.0.113.1,2026-01-01T00:00:00Z,{old}\n")
    assert not site.meet(source__ip="203.0.113.1")
    assert site.shelf.search("203."), "but it is still listed"
