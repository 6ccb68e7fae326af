"""Who had which code, and on which line of a bill that does not fit: columns over the movements of a book.

Two chains answer: *own* rows of one (code, party) in that party's own time, which a wrong clock cannot disorder, and
*pairs* of (code, sender, receiver), where outbound and inbound rows must be equally many.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.business.bill_lines import PAIRED, SALES, SENT, Ints
from analytics.business.book import Book
from analytics.business.codes import NEVER, next_time

Flags = NDArray[np.bool_]
ENDED = frozenset({"204", "205", "206", "214", "215", "216"})
"""Bills after which a code cannot move."""


@dataclass(slots=True)
class Custody:
    """Columns over the movements, as in ``Codes`` (by code and time).

    ``own_before``, ``own_after``: rows of the same code and party around this one (-1: none).
    ``unsent``: an inbound row that names a sender but has no outbound row.
    ``unanswered``: an outbound row to a party that has no inbound row.
    ``answer``: for an outbound row the inbound row that answers it (-1: none), and the reverse.
    """

    line: Ints
    code: Ints
    time: Ints
    kind: Ints
    party: Ints
    source: Ints
    target: Ints
    inbound: Flags
    own_before: Ints
    own_after: Ints
    unsent: Flags
    unanswered: Flags
    answer: Ints
    used: Flags
    ended: Flags
    sender_has: Flags
    due_in: Flags


def custody(book: Book) -> Custody:
    """The columns of ``book``."""
    lines, codes = book.lines, book.codes
    line, code, time = codes.line, codes.code, codes.time
    kind, party = lines.kind[line], lines.party[line]
    source, target, inbound = lines.source[line], lines.target[line], lines.inbound[line]
    own = Own.of(code * (len(lines.names) + 1) + party, time, inbound)
    own_before, own_after = own.before, own.after
    paired = _is(kind, PAIRED) & (source >= 0)
    sent = _is(kind, SENT) & (target >= 0)
    answer = _answers(code, source, party, target, paired, sent, len(lines.names))
    unsent, unanswered = paired & (answer < 0), sent & (answer < 0)
    sold, back = _is(kind, SALES), kind == 116
    used = _open(code, time, sold, back)
    ended = _open(code, time, _is(kind, ENDED), kind == 111)
    parties = len(lines.names) + 1
    sender_has = np.zeros(len(code), dtype=bool)
    rows = np.flatnonzero(unsent)
    sender_has[rows] = own.held(code[rows] * parties + source[rows], time[rows], inbound)
    due_in = np.zeros(len(code), dtype=bool)
    doubtful = np.flatnonzero(~inbound & ((own_before < 0) | ~inbound[own_before]))
    waiting = (code[unanswered] * parties + target[unanswered], time[unanswered])
    due_in[doubtful] = _has(code[doubtful] * parties + party[doubtful], time[doubtful], *waiting)
    return Custody(
        line=line, code=code, time=time, kind=kind, party=party, source=source, target=target, inbound=inbound,
        own_before=own_before, own_after=own_after, unsent=unsent, unanswered=unanswered, answer=answer,
        used=used, ended=ended, sender_has=sender_has, due_in=due_in,
    )  # fmt: skip


def _is(kind: Ints, kinds: frozenset[str]) -> Flags:
    return np.isin(kind, [int(one) for one in kinds])


@dataclass(slots=True)
class Own:
    """Rows in the order of (code, party, time); at one moment a party takes in before it gives out."""

    order: Ints
    keys: Ints
    times: Ints
    before: Ints
    after: Ints

    @classmethod
    def of(cls, key: Ints, time: Ints, inbound: Flags) -> Own:
        """``key`` is one number for code and party; rows are by code and time already."""
        order = np.argsort(key, kind="stable")
        keys, times = key[order], time[order]
        tie = np.flatnonzero(
            (keys[1:] == keys[:-1]) & (times[1:] == times[:-1]) & inbound[order[1:]] & ~inbound[order[:-1]]
        )
        order[tie], order[tie + 1] = order[tie + 1], order[tie]
        before, after = np.full(len(key), -1), np.full(len(key), -1)
        same = keys[1:] == keys[:-1]
        before[order[1:][same]] = order[:-1][same]
        after[order[:-1][same]] = order[1:][same]
        return cls(order, keys, times, before, after)

    def held(self, keys: Ints, times: Ints, inbound: Flags) -> Flags:
        """Whether the last own row of the key at or before the time was inbound."""
        found = np.zeros(len(keys), dtype=bool)
        left = np.searchsorted(self.keys, keys, side="left")
        right = np.searchsorted(self.keys, keys, side="right")
        for place, (start, stop, moment) in enumerate(zip(left.tolist(), right.tolist(), times.tolist(), strict=True)):
            last = start + int(np.searchsorted(self.times[start:stop], moment, side="right")) - 1
            found[place] = last >= start and bool(inbound[self.order[last]])
        return found


def _answers(code: Ints, source: Ints, party: Ints, target: Ints, paired: Flags, sent: Flags, parties: int) -> Ints:
    """The n-th outbound row of (code, from, to) is answered by the n-th inbound row; rows are by code and time."""
    answer = np.full(len(code), -1)
    rows = np.flatnonzero(sent | paired)
    if not len(rows):
        return answer
    out = sent[rows]
    givers, takers = np.where(out, party[rows], source[rows]), np.where(out, target[rows], party[rows])
    key = (code[rows] * parties + givers) * parties + takers
    order = np.argsort(key, kind="stable")
    rows, out, key = rows[order], out[order], key[order]
    group = np.cumsum(np.r_[False, key[1:] != key[:-1]])
    left = group[out] * len(code) + _rank(group[out])
    right = group[~out] * len(code) + _rank(group[~out])
    _, one, two = np.intersect1d(left, right, assume_unique=True, return_indices=True)
    outs, ins = rows[out][one], rows[~out][two]
    answer[outs], answer[ins] = ins, outs
    return answer


def _rank(group: Ints) -> Ints:
    """Place of each within its group; groups stand together."""
    places = np.arange(len(group))
    first = np.r_[True, group[1:] != group[:-1]] if len(group) else np.zeros(0, dtype=bool)
    return places - np.maximum.accumulate(np.where(first, places, 0))


def _open(code: Ints, time: Ints, closing: Flags, opening: Flags) -> Flags:
    """Whether before this row (strictly) a closing row happened that no later opening row undid."""
    last_close = _last_before(code, time, closing)
    last_open = _last_before(code, time, opening)
    return (last_close >= 0) & (last_open < last_close)


def _last_before(code: Ints, time: Ints, chosen: Flags) -> Ints:
    """Time of the last chosen row of the same code that was earlier, -1 where there is none; rows are by code, time."""
    places = np.where(chosen, np.arange(len(code)), -1)
    reached = np.maximum.accumulate(np.r_[-1, places[:-1]]) if len(code) else places
    fits = (reached >= 0) & (code[np.maximum(reached, 0)] == code)
    found = np.where(fits, time[np.maximum(reached, 0)], -1)
    return np.where(found < time, found, -1)


def _has(keys: Ints, times: Ints, event_keys: Ints, event_times: Ints) -> Flags:
    """Whether an event of the key happened at or before the time."""
    if not len(event_keys):
        return np.zeros(len(keys), dtype=bool)
    known, dense = np.unique(event_keys, return_inverse=True)
    first = np.full(len(known), NEVER)
    np.minimum.at(first, dense, event_times)
    place = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    return np.asarray((known[place] == keys) & (first[place] <= times), dtype=bool)


__all__ = ["ENDED", "NEVER", "Custody", "Flags", "custody", "next_time"]
