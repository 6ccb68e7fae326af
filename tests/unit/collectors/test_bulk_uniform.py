"""The short way through a ``_bulk`` body gives what the long way gives, or stands aside."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.receivers.bulk import BulkBody, BulkReader, _lines
from infra.errors import AppError

A = b'{"create":{"_index":"app"}}'
LINES = st.sampled_from([A, b'{"a":1}', b'{"b":"x"}', b"", b" ", b'{"create":{}}', b'{"index":{"_id":"7"}}', b"\r"])


def short_way(body: bytes, delivery: str = "D", reader: BulkReader | None = None) -> BulkBody | None:
    return (reader or BulkReader())._uniform(_lines(body), "", delivery)


def long_way(body: bytes) -> tuple[list[tuple[bytes, int]], bytes] | str:
    try:
        found = BulkReader()._each(_lines(body), "", "D")
    except AppError as error:
        return error.message_key
    return found.frames, b",".join(found.items)


@settings(max_examples=400, deadline=None)
@given(st.lists(LINES, min_size=1, max_size=9), st.booleans(), st.booleans())
def test_both_ways_agree(lines: list[bytes], ended: bool, framed: bool) -> None:
    if framed:
        lines = [part for line in lines for part in (A, line)]
    body = b"\n".join(lines) + (b"\n" if ended else b"")
    reader = BulkReader()
    try:
        found = short_way(body, "D", reader)
    except AppError as error:
        found = None
        told = error.message_key
    else:
        told = ""
    assert not told or long_way(body) == told
    if found is not None:
        assert (found.frames, b",".join(found.items)) == long_way(body)
        again = short_way(body, "E", reader)
        assert again is not None
        assert b",".join(again.items) == b",".join(found.items).replace(b'"D-', b'"E-')


def test_a_usual_body_takes_the_short_way_and_large_ones_are_cut_between_items() -> None:
    documents = [b'{"n":%d,"text":"%s"}' % (number, b"x" * 4000) for number in range(2_000)]
    body = b"".join(A + b"\n" + document + b"\n" for document in documents)
    found = short_way(body)
    assert found is not None
    assert found.count == 2_000
    assert len(found.frames) > 2
    assert sum(count for _, count in found.frames) == 2_000
    assert b"\n".join(part for part, _ in found.frames) + b"\n" == body
    assert all(part.startswith(A) for part, _ in found.frames)


def test_an_index_that_looks_like_our_own_mark_is_answered_as_itself() -> None:
    for name in ("\x1fdelivery\x1f", "{number}"):
        quoted = name.replace("\x1f", "\\u001f").encode()
        found = short_way(b'{"create":{"_index":"%s"}}\n{}\n' % quoted)
        assert found is not None
        assert b'"_index":"%s","_id":"D-1"' % quoted in found.items[0]
