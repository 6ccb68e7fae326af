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
    own_before, own_after = _own_chain(code, party, time, inbound)
    paired = _is(kind, PAIRED) & (source >= 0)
    sent = _is(kind, SENT) & (target >= 0)
    answer = _answers(code, source, party, target, time, paired, sent, len(lines.names))
    unsent, unanswered = paired & (answer < 0), sent & (answer < 0)
    sold, back = _is(kind, SALES), kind == 116
    used = _open(code, time, sold, back)
    ended = _open(code, time, _is(kind, ENDED), kind == 111)
    parties = len(lines.names) + 1
    own = code * parties + party
    sender_has = _has(code * parties + source, time, own, time, inbound) & (source >= 0)
    due_in = _has(code * parties + party, time, code[unanswered] * parties + target[unanswered], time[unanswered], None)
    return Custody(
        line=line, code=code, time=time, kind=kind, party=party, source=source, target=target, inbound=inbound,
        own_before=own_before, own_after=own_after, unsent=unsent, unanswered=unanswered, answer=answer,
        used=used, ended=ended, sender_has=sender_has, due_in=due_in,
    )  # fmt: skip


def _is(kind: Ints, kinds: frozenset[str]) -> Flags:
    return np.isin(kind, [int(one) for one in kinds])


def _own_chain(code: Ints, party: Ints, time: Ints, inbound: Flags) -> tuple[Ints, Ints]:
    """Rows before and after in the own chain; at one moment a party takes in before it gives out."""
    order = np.lexsort((~inbound, time, party, code))
    before, after = np.full(len(code), -1), np.full(len(code), -1)
    same = (code[order[1:]] == code[order[:-1]]) & (party[order[1:]] == party[order[:-1]])
    before[order[1:][same]] = order[:-1][same]
    after[order[:-1][same]] = order[1:][same]
    return before, after


def _answers(
    code: Ints, source: Ints, party: Ints, target: Ints, time: Ints, paired: Flags, sent: Flags, parties: int
) -> Ints:
    """The n-th outbound row of (code, from, to) is answered by the n-th inbound row."""
    answer = np.full(len(code), -1)
    outs, ins = np.flatnonzero(sent), np.flatnonzero(paired)
    if not len(outs) or not len(ins):
        return answer
    out_key = (code[outs] * parties + party[outs]) * parties + target[outs]
    in_key = (code[ins] * parties + source[ins]) * parties + party[ins]
    both, dense = np.unique(np.concatenate([out_key, in_key]), return_inverse=True)
    del both
    out_rank, in_rank = (
        _ranked(*part, len(code)) for part in ((dense[: len(outs)], time[outs]), (dense[len(outs) :], time[ins]))
    )
    _, left, right = np.intersect1d(out_rank, in_rank, assume_unique=True, return_indices=True)
    answer[outs[left]], answer[ins[right]] = ins[right], outs[left]
    return answer


def _ranked(key: Ints, time: Ints, most: int) -> Ints:
    """key * most + rank in time within the key: unique."""
    order = np.lexsort((time, key))
    ordered = key[order]
    first = np.r_[True, ordered[1:] != ordered[:-1]]
    start = np.maximum.accumulate(np.where(first, np.arange(len(key)), 0))
    ranks = np.empty(len(key), dtype=np.int64)
    ranks[order] = np.arange(len(key)) - start
    return key * most + ranks


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


def _has(keys: Ints, times: Ints, event_keys: Ints, event_times: Ints, state: Flags | None) -> Flags:
    """Whether the last event of the key before or at the time has ``state`` (None: whether there is one)."""
    found = np.zeros(len(keys), dtype=bool)
    if not len(event_keys):
        return found
    order = np.lexsort((event_times, event_keys))
    event_keys, event_times = event_keys[order], event_times[order]
    known, dense = np.unique(event_keys, return_inverse=True)
    place = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    same = known[place] == keys
    base = min(int(times.min()), int(event_times.min()))
    span = np.int64(1) << 39
    reached = np.searchsorted(dense * span + (event_times - base), place * span + (times - base), side="right") - 1
    fits = same & (reached >= 0) & (dense[np.maximum(reached, 0)] == place)
    return fits if state is None else np.asarray(fits & state[order][np.maximum(reached, 0)], dtype=bool)


__all__ = ["ENDED", "NEVER", "Custody", "Flags", "custody", "next_time"]
