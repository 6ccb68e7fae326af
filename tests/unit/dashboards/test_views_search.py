"""The search page's view models: queries that mean what was clicked, errors that point, bars without holes."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from dashboards.rooms import Rooms
from dashboards.views.search import narrowed, place_of, pointed, quoted, row, slots, step_of, summary
from dashboards.visit import Visit
from infra.store.query.lucene import parse_lucene
from infra.store.query.predicate import compile_predicate
from infra.store.query.tree import Answer, Bucket
from infra.web.seams import ANONYMOUS

NOW = datetime(2026, 11, 18, 6, 32, 8, tzinfo=UTC)
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=30).filter(
    str.strip
)


def look(rooms: Rooms, **params: str) -> Visit:
    return Visit(rooms=rooms, path="/hunt", params=params, actor=ANONYMOUS, now=NOW)


@given(WORDS)
def test_a_clicked_value_is_found_again_whatever_it_holds(value: str) -> None:
    keeps = compile_predicate(parse_lucene(narrowed("", "user.name", value)))
    assert keeps({"user.name": value})
    assert not keeps({"user.name": value + "x"})


@given(WORDS)
def test_a_value_left_out_is_gone_and_the_query_before_still_holds(value: str) -> None:
    query = narrowed('event.action:"a" OR event.action:"b"', "user.name", value, leave=True)
    keeps = compile_predicate(parse_lucene(query))
    assert not keeps({"event.action": "a", "user.name": value})
    assert keeps({"event.action": "b", "user.name": value + "x"})
    assert not keeps({"event.action": "c", "user.name": value + "x"})


def test_numbers_and_truth_are_not_quoted() -> None:
    assert (quoted(22), quoted(True), quoted('a"b')) == ("22", "true", '"a\\"b"')


def test_an_error_points_at_its_column() -> None:
    assert place_of("query:7") == 7
    assert place_of("elsewhere") is None
    assert pointed("a AND )", 7) == ("a AND ", ")", "")
    assert pointed("abc", 99) == ("abc", " ", "")


def test_every_bar_of_the_window_is_there(rooms: Rooms) -> None:
    visit = look(rooms, tr="1h")
    step = timedelta(seconds=step_of(visit))
    start = datetime.fromtimestamp((NOW - timedelta(minutes=30)).timestamp() // step.seconds * step.seconds, UTC)
    bars = slots(Answer(buckets=(Bucket(start, 8), Bucket((start + step).isoformat(), 4))), visit)
    assert len(bars) <= 62
    assert [bar.count for bar in bars if bar.count] == [8, 4]
    assert max(bar.share for bar in bars) == 100


def test_a_row_says_what_the_event_is(rooms: Rooms) -> None:
    metric = {"yaodun.metric.name": "disk.used", "yaodun.metric.instance": "/", "yaodun.metric.value": 0.4}
    assert summary(metric) == "disk.used / 0.4"
    assert (
        summary(
            {
                "yaodun.inventory.kind": "listener",
                "yaodun.inventory.change": "added",
                "yaodun.inventory.key": "tcp/0.0.0.0/22",
            }
        )
        == "added listener tcp/0.0.0.0/22"
    )
    assert summary({"message": "hello"}) == "hello"
    made = row({"@timestamp": NOW, "event.id": "E", "host.name": "h", "message": "m"}, look(rooms))
    assert made["time"] == "11-18 14:32:08.000"
