"""Hypothesis-made events and filters over a few fields of every type, small enough that they often meet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from infra.store.query.tree import (
    All,
    And,
    Anywhere,
    Cidr,
    Exists,
    Filter,
    Ids,
    Match,
    Not,
    Or,
    Phrase,
    Prefix,
    Range,
    Regex,
    Term,
    Terms,
    Wildcard,
)

BASE = datetime(2026, 11, 24, 12, tzinfo=UTC)
WORDS = [
    "fail",
    "Failed",
    "root",
    "a.b",
    "10.0.0.1",
    "追溯码",
    "追",
    "溯",
    "x_y",
    "İ",
    "ΑΣ",
    "100%",
    "a\nb",
    "*",
    "-",
    "",
]
texts = st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join)
names = st.sampled_from(["web-1", "WEB-1", "web-10", "db", "", "李雷", "a*b", "a%b", "a_b", "a\\b", "[x]", "tab\tx"])
ips = st.sampled_from(
    ["10.0.0.1", "10.0.0.10", "10.0.1.1", "255.255.255.255", "::1", "fe80::1", "2001:db8:0:1::", "::ffff:a00:1"]
)
longs = st.one_of(st.integers(-3, 3), st.sampled_from([-(2**63), 2**63 - 1, 2**53 + 1]))
doubles = st.sampled_from([-1.5, 0.0, 0.25, 3.0, 1e300])
moments = st.integers(0, 5_000_000).map(lambda us: BASE + timedelta(microseconds=us))
leaves: st.SearchStrategy[Any] = st.one_of(names, st.integers(-3, 3), st.booleans(), doubles)
flats = st.dictionaries(
    st.sampled_from(["k", "a/b", "q~", "deep.key"]),
    st.one_of(leaves, st.lists(leaves, max_size=2), st.dictionaries(st.sampled_from(["key", "z"]), leaves, max_size=2)),
    max_size=3,
)

FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "message": texts,
    "process.command_line": texts,
    "host.name": names,
    "tags": st.lists(names, max_size=3),
    "source.ip": ips,
    "related.ip": st.lists(ips, max_size=2),
    "source.port": longs,
    "host.cpu.usage": doubles,
    "file.code_signature.signed": st.booleans(),
    "event.start": moments,
    "winlog.event_data": flats,
}


@st.composite
def events(draw: st.DrawFn) -> dict[str, Any]:
    """A conformed event without id and time."""
    present = draw(st.sets(st.sampled_from(sorted(FIELDS)), max_size=6))
    return {name: draw(FIELDS[name]) for name in sorted(present)}


KEYWORDS = st.sampled_from(
    ["host.name", "tags", "winlog.event_data.k", "winlog.event_data.deep.key", "winlog.event_data.a/b"]
)
TEXTS = st.sampled_from(["message", "process.command_line", "host.name", "tags", "winlog.event_data.k"])
patterns = st.lists(
    st.sampled_from(["web", "WEB", "-", "1", "*", "?", "a", "b", "%", "_", "\\\\", "\\*", "追", "."]), max_size=5
).map("".join)
regexes = st.lists(
    st.sampled_from(
        ["web", "-", "\\d", "1", ".", ".*", "[a-z]+", "(a|b)", "\\w{2}", "x?", "追", "[^a]", "\\\\", "\\s"]
    ),
    max_size=4,
).map("".join)


def bounds(values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(["gte", "gt", "lte", "lt"]), values, max_size=2)


def ranges(field: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[Filter]:
    return bounds(values).map(lambda given: Range(field, **given))


RFC = moments.map(lambda moment: moment.isoformat())
LEAVES: st.SearchStrategy[Filter] = st.one_of(
    st.just(All()),
    st.builds(Term, KEYWORDS, names, st.booleans()),
    st.builds(Term, st.just("source.ip"), ips),
    st.builds(Term, st.just("related.ip"), ips),
    st.builds(Term, st.just("source.port"), longs),
    st.builds(Term, st.just("host.cpu.usage"), doubles),
    st.builds(Term, st.just("file.code_signature.signed"), st.booleans()),
    st.builds(Term, st.just("event.start"), RFC),
    st.builds(Term, st.just("message"), texts),
    st.builds(Terms, KEYWORDS, st.lists(names, max_size=3).map(tuple)),
    ranges("source.port", longs),
    ranges("host.cpu.usage", doubles),
    ranges("host.name", names),
    ranges("tags", names),
    ranges("source.ip", ips),
    ranges("event.start", RFC),
    st.builds(Exists, st.sampled_from([*FIELDS, "winlog.event_data.k", "winlog.event_data.deep.key"])),
    st.builds(Prefix, TEXTS, names, st.booleans()),
    st.builds(Wildcard, TEXTS, patterns, st.booleans()),
    st.builds(Regex, TEXTS, regexes, st.booleans()),
    st.builds(Match, TEXTS, texts, st.booleans()),
    st.builds(Phrase, TEXTS, texts),
    st.builds(
        Cidr,
        st.sampled_from(["source.ip", "related.ip"]),
        st.sampled_from(["10.0.0.0/24", "::/0", "fe80::/10", "0.0.0.0/0"]),
    ),
    st.builds(Ids, st.lists(st.sampled_from(["e0", "e1", "e7"]), max_size=2).map(tuple)),
    st.builds(Anywhere, st.sampled_from(["root", "追溯", "10.0.0.1", "web-1", "fail", "."])),
)
filters: st.SearchStrategy[Filter] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: And(tuple(items))),
        st.lists(inner, max_size=3).map(lambda items: Or(tuple(items))),
        st.builds(Not, inner),
    ),
    max_leaves=6,
)
