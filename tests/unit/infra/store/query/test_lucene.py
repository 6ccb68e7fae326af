import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.errors import AppError, ErrorKind
from infra.store.query.lucene import parse_lucene
from infra.store.query.tree import (
    All,
    And,
    Anywhere,
    Cidr,
    Exists,
    Filter,
    Not,
    Or,
    Phrase,
    Range,
    Regex,
    Term,
    Wildcard,
)

READINGS: list[tuple[str, Filter]] = [
    ("", All()),
    ("  ", All()),
    ("*", All()),
    ("web-1", Anywhere("web-1")),
    ("host.name:web-1", Term("host.name", "web-1")),
    ('host.name:"web 1"', Term("host.name", "web 1")),
    ("message:失败", Phrase("message", "失败")),
    ('message:"登录 失败"', Phrase("message", "登录 失败")),
    ("user.name:李雷", Term("user.name", "李雷")),
    ("source.port:22", Term("source.port", "22")),
    ("source.port:[1 TO 1024}", Range("source.port", gte="1", lt="1024")),
    ("source.port:{1 TO *]", Range("source.port", gt="1")),
    ("source.port:[* TO *]", Exists("source.port")),
    ("source.port:>=3", Range("source.port", gte="3")),
    ("source.port:<3", Range("source.port", lt="3")),
    ('@timestamp:>"2026-11-24T12:00:00Z"', Range("@timestamp", gt="2026-11-24T12:00:00Z")),
    ("source.ip:10.0.0.0/8", Cidr("source.ip", "10.0.0.0/8")),
    ("source.ip:10.1.*", Cidr("source.ip", "10.1.0.0/16")),
    ('source.ip:"2001:db8::1"', Term("source.ip", "2001:db8::1")),
    ("_exists_:user.name", Exists("user.name")),
    ("user.name:*", Exists("user.name")),
    ("_id:abc", Term("event.id", "abc")),
    ("host.name:web*", Wildcard("host.name", "web*")),
    (r"host.name:we\*b", Term("host.name", "we*b")),
    (r"host.name:a\:b", Term("host.name", "a:b")),
    ("message:pass*", Wildcard("message", "*pass**")),
    ("process.command_line:enc", Wildcard("process.command_line", "*enc*")),
    (r"winlog.event_data.Image:*\\a.exe", Wildcard("winlog.event_data.Image", r"*\\a.exe")),
    (r"host.name:/web-\d+/", Regex("host.name", r"web-\d+")),
    (r"url.path:/a\/b/", Regex("url.path", "a/b")),
    ("message:/a.b/", Regex("message", ".*(a.b).*")),
    ("NOT web", Not(Anywhere("web"))),
    ("-web", Not(Anywhere("web"))),
    ("!web", Not(Anywhere("web"))),
    ("+web", Anywhere("web")),
    ("a b", And((Anywhere("a"), Anywhere("b")))),
    ("a AND b AND c", And((Anywhere("a"), Anywhere("b"), Anywhere("c")))),
    ("a OR b", Or((Anywhere("a"), Anywhere("b")))),
    ("a AND b OR c", Or((And((Anywhere("a"), Anywhere("b"))), Anywhere("c")))),
    ("(a OR b) c", And((Or((Anywhere("a"), Anywhere("b"))), Anywhere("c")))),
    ("host.name:(a OR b)", Or((Term("host.name", "a"), Term("host.name", "b")))),
    ("a^2", Anywhere("a")),
    ("unknown.field:x", Term("unknown.field", "x")),
]


@pytest.mark.parametrize(("text", "expected"), READINGS)
def test_readings(text: str, expected: Filter) -> None:
    assert parse_lucene(text) == expected


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("(a", 3),
        ("a)", 2),
        ("a AND", 6),
        ("AND", 1),
        ('x "abc', 3),
        ("host.name:", 11),
        ("a foo~2", 3),
        ("a || b", 3),
        ("x source.port:http", 15),
        ("source.port:[a TO 5]", 13),
        ("a source.ip:10.*.1.1", 13),
        ("/ab/", 1),
        ("[a TO b]", 1),
        ("a:b:c", 3),
        ("x host.name:/a(?=b)/", 13),
    ],
)
def test_errors_name_the_column(text: str, column: int) -> None:
    with pytest.raises(AppError) as refused:
        parse_lucene(text)
    assert refused.value.kind is ErrorKind.INVALID
    assert refused.value.detail["place"].split(" ")[0] == f"query:{column}"


@pytest.mark.parametrize(
    "text", ["a " * 6000, "(" * 50 + "a" + ")" * 50, "a OR " * 1999 + "b OR " * 500 + "c", "*a" * 40]
)
def test_limits(text: str) -> None:
    with pytest.raises(AppError) as refused:
        parse_lucene(text)
    assert refused.value.kind is ErrorKind.INVALID


@given(st.text(alphabet='ab:*?"()[]{}~^\\/+-!&| TOANDR.<>=0追', max_size=40))
def test_any_text_is_read_or_refused_with_a_place(text: str) -> None:
    try:
        node = parse_lucene(text)
    except AppError as error:
        outcome = (error.kind, str(error.detail["place"]).startswith(("query:", "filter")))
    else:
        outcome = (ErrorKind.INVALID, isinstance(node, Filter))
    assert outcome == (ErrorKind.INVALID, True)
