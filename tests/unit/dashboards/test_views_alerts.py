"""The alert page's view models: the filter of an address, its bubbles, marked events."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from dashboards.rooms import Rooms
from dashboards.rooms.alerts import Bar, Stack, Why
from dashboards.views.alerts import bubbles, chosen, columns, group_key, marked, members, stack_of, wanted
from dashboards.visit import Visit
from infra.exchange import Level
from infra.text import Language, use_language
from infra.web.seams import ANONYMOUS

NOW = datetime(2026, 11, 18, 6, 32, 8, tzinfo=UTC)


def look(rooms: Rooms, **params: str) -> Visit:
    return Visit(rooms=rooms, path="/alerts", params=params, actor=ANONYMOUS, now=NOW)


def test_closed_alerts_are_asked_for_only_on_request(rooms: Rooms) -> None:
    assert wanted(look(rooms)).only == {"state": ("new", "acknowledged")}
    assert "state" not in wanted(look(rooms, state="any")).only
    assert wanted(look(rooms, state="closed", owner="none")).only == {"state": ("closed",), "owner": ("",)}
    assert chosen(look(rooms, level="high,low"), "level") == ("high", "low")


def test_the_time_range_bounds_the_queue(rooms: Rooms) -> None:
    window = wanted(look(rooms, tr="1h")).window
    assert (window.end, window.end - window.start) == (NOW, timedelta(hours=1))


def test_each_bubble_leads_to_the_address_without_it(rooms: Rooms) -> None:
    with use_language(Language.EN):
        made = bubbles(look(rooms, level="high", not_rule="r1", q="ssh", state="closed"))
    assert [bubble.words for bubble in made] == [
        "State = Closed",
        "Level = High",
        "without Rule = r1",
        "contains ssh",
    ] or len(made) == 4
    for bubble in made:
        left = parse_qs(urlsplit(bubble.without).query)
        assert len(left) == 3


def test_an_unknown_stack_is_by_rule(rooms: Rooms) -> None:
    assert stack_of(look(rooms, stack="nonsense")) is Stack.RULE
    assert stack_of(look(rooms, stack="flat")) is Stack.FLAT


def test_members_of_a_stack_keep_the_filter(rooms: Rooms) -> None:
    within = wanted(look(rooms, level="high"))
    inside = members(group_key(Stack.RULE, "r~1"), within)
    assert inside is not None
    assert inside.only == {**within.only, "rule": ("r~1",)}
    assert members("A-1", within) is None
    assert members("password~x", within) is None


@given(st.text(max_size=200), st.lists(st.text(min_size=2, max_size=6), max_size=4))
def test_marking_cuts_the_text_and_loses_nothing(text: str, needles: list[str]) -> None:
    why = [Why("f", "=", needle, needle) for needle in needles]
    pieces = marked(text, why)
    assert "".join(piece for piece, _ in pieces) == text
    assert all(piece in needles for piece, on in pieces if on)


def test_the_deciding_value_is_marked_wherever_it_stands() -> None:
    pieces = marked('{"a":"root","b":"root"}', [Why("a", "= root", "root", "root")])
    assert [piece for piece, on in pieces if on] == ["root", "root"]


def test_columns_are_scaled_to_the_tallest(rooms: Rooms) -> None:
    bars = [Bar(NOW, {Level.HIGH: 3, Level.LOW: 1}), Bar(NOW, {Level.LOW: 2})]
    made = columns(bars, look(rooms))
    assert sum(share for _, share in made[0].parts) == 100
    assert [level for level, _ in made[0].parts] == [Level.LOW, Level.HIGH]
    assert made[1].parts == ((Level.LOW, 50.0),)
