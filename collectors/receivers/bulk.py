"""The ``_bulk`` dialect: what a body holds, and the reply each item gets. Pure, no sockets.

Documents are not decoded here: the raw lines go to the spool, and what is broken in them becomes a quarantined
document. Refused per item is only what can never become an event: an action that is no action, and changes to what is
append-only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from infra.errors import AppError, ErrorKind

FRAME_BYTES = 2 << 20
"""Bodies are cut into frames of about this size, always between items."""
_KEPT_ACTIONS = ("index", "create")
_ALL_ACTIONS = (*_KEPT_ACTIONS, "update", "delete")
_HEAD = b'{"took":%d,"errors":%s,"items":['


class _Target(msgspec.Struct):
    index: str | None = msgspec.field(name="_index", default=None)
    id: str | None = msgspec.field(name="_id", default=None)


class _Action(msgspec.Struct):
    """One member names the action; some shippers put others beside it (winston-elasticsearch: ``attempts``)."""

    index: _Target | None = None
    create: _Target | None = None
    update: _Target | None = None
    delete: _Target | None = None

    def named(self) -> tuple[str, _Target] | None:
        """The one action there is."""
        given = [(name, target) for name in _ALL_ACTIONS if (target := getattr(self, name)) is not None]
        return given[0] if len(given) == 1 else None


_decode_action = msgspec.json.Decoder(_Action).decode
_quote = msgspec.json.Encoder().encode


@dataclass(slots=True)
class BulkBody:
    """What a body came to: frame bodies with their counts, answers to its items in order (one piece may hold several),
    how many items were refused, how many there are."""

    frames: list[tuple[bytes, int]]
    items: list[bytes]
    refused: int
    count: int = 0

    def reply(self, took_ms: int) -> bytes:
        """The compact answer; some shippers search this text, so key order and spacing are part of the contract."""
        errors = b"true" if self.refused else b"false"
        return _HEAD % (took_ms, errors) + b",".join(self.items) + b"]}"


class BulkReader:
    """Reads bodies; keeps what it learnt about repeated action lines."""

    def __init__(self) -> None:
        self._seen: dict[bytes, tuple[str, str, str | None]] = {}
        self._replies: dict[tuple[str, str, int], bytes] = {}

    def read(self, body: bytes, default_index: str, delivery: str) -> BulkBody:
        """The items of ``body``. ``delivery`` begins the ids that items without one are answered with.

        ``AppError(INVALID)`` where the body holds no item, or its last action has no document.
        """
        lines = _lines(body)
        result = self._uniform(lines, default_index, delivery) or self._each(lines, default_index, delivery)
        if not result.count:
            raise AppError(ErrorKind.INVALID, "collectors.bulk_empty")
        return result

    def _uniform(self, lines: list[bytes], default_index: str, delivery: str) -> BulkBody | None:
        """The usual body: one action line over and over, a document behind each. None where it is another."""
        documents = lines[1::2]
        line, count = lines[0] if lines else b"", len(documents)
        if not count or lines[::2].count(line) * 2 != len(lines):
            return None
        if not line.strip() or not all(map(bytes.strip, documents)):
            return None
        action, index, given = self._action(line, 1)
        if given is not None or action not in _KEPT_ACTIONS:
            return None
        answers = self._answers(action, index or default_index, count, delivery)
        return BulkBody(list(_cut(lines)), [answers], 0, count)

    def _answers(self, action: str, index: str, count: int, delivery: str) -> bytes:
        """The answers to ``count`` items of one form; made once for a size, for a shipper's batches are alike."""
        key = (action, index, count)
        known = self._replies.get(key)
        if known is None:
            if _PLACE in index or _STAND_IN in index:
                return b",".join(_stored(action, index, None, f"{delivery}-", str(one + 1)) for one in range(count))
            head, tail = _stored(action, index, None, f"{_STAND_IN}-", _PLACE).split(_PLACE_BYTES)
            known = b",".join([b"%s%d%s" % (head, number, tail) for number in range(1, count + 1)])
            if len(self._replies) >= _REPLIES:
                self._replies.clear()
            if len(known) <= _REPLY_BYTES:
                self._replies[key] = known
        return known.replace(_STAND_IN_BYTES, delivery.encode())

    def _each(self, lines: list[bytes], default_index: str, delivery: str) -> BulkBody:
        result = BulkBody([], [], 0)
        kept: list[bytes] = []
        number = 0
        following = iter(lines)
        for line in following:
            if not line.strip():
                continue
            number = result.count = number + 1
            action, index, given = self._action(line, number)
            document = b"" if action == "delete" else next(following, b"")
            if action != "delete" and not document.strip():
                raise AppError(ErrorKind.INVALID, "collectors.bulk_document_missing", place=f"item {number}")
            if action in _KEPT_ACTIONS:
                kept += (line, document)
                result.items.append(_stored(action, index or default_index, given, f"{delivery}-", str(number)))
            else:
                result.refused += 1
                result.items.append(_refused(action, index or default_index, given))
        result.frames = list(_cut(kept))
        return result

    def _action(self, line: bytes, number: int) -> tuple[str, str, str | None]:
        if known := self._seen.get(line):
            return known
        try:
            named = _decode_action(line).named()
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            named = None
        if named is None:
            raise AppError(ErrorKind.INVALID, "collectors.bulk_action", place=f"item {number}")
        action, target = named
        answer = (action, target.index or "", target.id)
        if target.id is None and len(self._seen) < 1_024 and len(line) < 256:
            self._seen[line] = answer
        return answer


def _lines(body: bytes) -> list[bytes]:
    lines = body.split(b"\n")
    if not lines[-1]:
        lines.pop()
    return lines


def _cut(lines: list[bytes]) -> Iterator[tuple[bytes, int]]:
    """Frame bodies of action and document lines, with their counts; documents of one body are of about one size."""
    if not lines:
        return
    step = max(2, len(lines) * FRAME_BYTES // (sum(map(len, lines)) + 1) & ~1)
    for start in range(0, len(lines), step):
        part = lines[start : start + step]
        yield b"\n".join(part), len(part) // 2


_STAND_IN = "\x1fdelivery\x1f"
_STAND_IN_BYTES = b"\\u001fdelivery\\u001f"
"""What stands for the delivery in a reply that is kept; JSON escapes it, and an index called so is left out."""
_REPLIES, _REPLY_BYTES = 16, 4 << 20
_PLACE = "{number}"
_PLACE_BYTES = _PLACE.encode()


def _stored(action: str, index: str, given: str | None, prefix: str, number: str) -> bytes:
    identity = given if given is not None else f"{prefix}{number}"
    return (
        b'{"%s":{"_index":%s,"_id":%s,"_version":1,"result":"created",'
        b'"_shards":{"total":1,"successful":1,"failed":0},"_seq_no":0,"_primary_term":1,"status":201}}'
        % (action.encode(), _quote(index), _quote(identity))
    )


def _refused(action: str, index: str, given: str | None) -> bytes:
    return (
        b'{"%s":{"_index":%s,"_id":%s,"status":400,"error":{"type":"illegal_argument_exception",'
        b'"reason":"events are append-only: use index or create"}}}' % (action.encode(), _quote(index), _quote(given))
    )


def read_bulk_pairs(body: bytes) -> Iterator[tuple[str, str, bytes, bytes]]:
    """Index, id, action line and document of each item of a frame of kind ``bulk``; '' where the client gave none."""
    lines = body.split(b"\n")
    for action, document in zip(lines[::2], lines[1::2], strict=False):
        try:
            named = _decode_action(action).named()
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            named = None
        target = named[1] if named else _Target()
        yield target.index or "", target.id or "", action, document
