"""Cuts a syslog TCP stream into messages: RFC 6587 octet counting or LF, found out per message, bounded in size.

Senders put LF inside counted frames, end lines with CR, LF or NUL, mix both framings on one connection, and send
counted frames with RFC 3164 bodies or without a PRI; all of that is read. What is longer than the limit becomes one
``Oversize`` with its beginning.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_MESSAGE = 1 << 20
"""Longest message taken whole, in bytes."""
KEPT_OF_OVERSIZE = 64 << 10
"""How much of a longer one is kept for quarantine, in bytes."""
_COUNT = re.compile(rb"([1-9][0-9]{0,9}) (?=<|\xef\xbb\xbf<)")
_COUNT_KNOWN = re.compile(rb"([1-9][0-9]{0,9}) ")
_COUNT_BEGUN = re.compile(rb"[1-9][0-9]{0,9}(?: (?:\xef(?:\xbb\xbf?)?)?)?\Z")
_ODD = re.compile(rb"\0|(?:\A|\n)[1-9]")
"""What lines have to be looked at one by one for."""
_END = re.compile(rb"[\n\0]")
_NOTHING = b"\r\n\0 "


@dataclass(frozen=True, slots=True)
class Oversize:
    """A message beyond the limit: its first bytes and its full length."""

    head: bytes
    length: int


Message = bytes | Oversize


class _Excess:
    """A message that is being thrown away but for its head; ``left`` is None while only its end tells its length."""

    def __init__(self, left: int | None) -> None:
        self.left = left
        self._head = bytearray()
        self._length = 0

    def eat(self, data: bytes | bytearray) -> None:
        self._head += data[: KEPT_OF_OVERSIZE - len(self._head)]
        self._length += len(data)
        if self.left is not None:
            self.left -= len(data)

    def message(self) -> Oversize:
        return Oversize(bytes(self._head), self._length + (self.left or 0))


class SyslogFramer:
    """State of one connection. ``feed`` gives the messages completed by ``data``; ``finish`` what the close left
    over.
    """

    def __init__(self, limit: int = MAX_MESSAGE) -> None:
        self._limit = limit
        self._buffer = bytearray()
        self._counting = False
        self._excess: _Excess | None = None

    def feed(self, data: bytes) -> list[Message]:
        """Messages that are complete now, in order, without their framing."""
        self._buffer += data
        messages: list[Message] = self._plain_lines()
        while self._buffer and self._step(messages):
            pass
        return messages

    def _plain_lines(self) -> list[Message]:
        """All whole lines at once, where nothing but LF ends one and none begins like a counted frame."""
        end = self._buffer.rfind(b"\n") + 1
        if self._counting or self._excess is not None or not 0 < end <= self._limit:
            return []
        if _ODD.search(self._buffer, 0, end):
            return []
        lines = bytes(self._buffer[: end - 1]).split(b"\n")
        del self._buffer[:end]
        return [line for line in lines if line.strip(_NOTHING)]

    def finish(self) -> list[Message]:
        """The last message of a connection that closed without ending it; [] where nothing was begun."""
        rest, self._buffer = bytes(self._buffer), bytearray()
        if excess := self._excess:
            self._excess = None
            return [excess.message()]
        found = _COUNT.match(rest)
        body = rest[found.end() :] if found else rest
        return [body] if body.strip(_NOTHING) else []

    def _step(self, messages: list[Message]) -> bool:
        if self._excess is not None:
            return self._discard(self._excess, messages)
        if found := (_COUNT_KNOWN if self._counting else _COUNT).match(self._buffer):
            self._counting = True
            return self._counted(int(found[1]), found.end(), messages)
        if _COUNT_BEGUN.match(self._buffer):
            return False
        return self._line(messages)

    def _counted(self, length: int, start: int, messages: list[Message]) -> bool:
        if length > self._limit:
            del self._buffer[:start]
            self._excess = _Excess(length)
            return True
        if len(self._buffer) < start + length:
            return False
        messages.append(bytes(self._buffer[start : start + length]))
        del self._buffer[: start + length]
        return True

    def _line(self, messages: list[Message]) -> bool:
        found = _END.search(self._buffer)
        if (found.start() if found else len(self._buffer)) > self._limit:
            self._excess = _Excess(None)
            return True
        if found is None:
            return False
        line = bytes(self._buffer[: found.start()])
        del self._buffer[: found.end()]
        if line.strip(_NOTHING):
            messages.append(line)
        return True

    def _discard(self, excess: _Excess, messages: list[Message]) -> bool:
        if excess.left is not None:
            taken = min(excess.left, len(self._buffer))
            excess.eat(self._buffer[:taken])
            del self._buffer[:taken]
            ended = excess.left == 0
        else:
            found = _END.search(self._buffer)
            excess.eat(self._buffer[: found.start() if found else len(self._buffer)])
            del self._buffer[: found.end() if found else len(self._buffer)]
            ended = found is not None
        if ended:
            messages.append(excess.message())
            self._excess = None
        return ended
