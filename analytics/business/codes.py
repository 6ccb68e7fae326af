"""Custody of codes: which code moved by which bill line, boxes and cases opened into what they held at that moment.

Arrays over movements, sorted by code and time, so that questions about the life of millions of codes are comparisons
of neighbouring rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from analytics.business.bill_lines import Ints, Lines, milliseconds
from infra.events.business import Pack, PackAction

_SPAN = np.int64(1) << 39
"""More milliseconds than a book spans (17 years); key * _SPAN + time fits 64 bits for 16 million keys."""
NEVER = int(np.iinfo(np.int64).max)
_BIRTH = 101


@dataclass(slots=True)
class Packing:
    """``child[i]`` was in ``parent[i]`` from ``begins[i]`` to ``ends[i]`` (ms); ``event[i]`` packed it; ``unpacked[i]``
    is when it was taken out (``NEVER``: not yet), which a re-packing without unpacking leaves open. By parent."""

    parent: Ints
    child: Ints
    begins: Ints
    ends: Ints
    event: Ints
    unpacked: Ints


@dataclass(slots=True)
class Codes:
    """``names``: the codes; ``named_*``: rows (line, code) as the bills name them; ``line``, ``code``: rows after
    opening packages, by code and time; ``born``, ``parents``: whether a code was ever in a 101, was ever a parent."""

    names: pa.StringArray
    named_line: Ints
    named_code: Ints
    packing: Packing
    packs: list[Pack]
    line: Ints
    code: Ints
    time: Ints
    born: NDArray[np.bool_]
    parents: NDArray[np.bool_]
    occurrences: int

    def name(self, code: int) -> str:
        """The code in text."""
        return str(self.names[code].as_py())


def build_codes(lines: Lines, packs: list[Pack]) -> Codes:
    """Custody of everything that ``lines`` and ``packs`` name."""
    counts = np.array([len(codes) for codes in lines.codes], dtype=np.int64)
    children = np.array([len(pack.children) for pack in packs], dtype=np.int64)
    flat: list[str] = list(chain.from_iterable(lines.codes))
    in_bills = len(flat)
    flat += [pack.parent for pack in packs]
    flat += chain.from_iterable(pack.children for pack in packs)
    names, numbers = _numbered(flat)
    named_line = np.repeat(np.arange(lines.n, dtype=np.int64), counts)
    named_code = numbers[:in_bills]
    parent_of_pack = numbers[in_bills : in_bills + len(packs)]
    packing = _packing(packs, parent_of_pack, numbers[in_bills + len(packs) :], children)
    parents = np.zeros(len(names), dtype=bool)
    parents[parent_of_pack] = True
    birth = lines.kind[named_line] == _BIRTH if lines.n else np.zeros(0, dtype=bool)
    born = np.zeros(len(names), dtype=bool)
    born[named_code[birth]] = True
    line, code = _opened(named_line, named_code, birth, lines.time, packing, parents)
    time = lines.time[line] if lines.n else np.zeros(0, dtype=np.int64)
    order = _by_life(code, time, lines.inbound[line]) if lines.n else np.zeros(0, dtype=np.int64)
    return Codes(
        names=names, named_line=named_line, named_code=named_code, packing=packing, packs=packs,
        line=line[order], code=code[order], time=time[order], born=born, parents=parents, occurrences=len(flat),
    )  # fmt: skip


def _by_life(code: Ints, time: Ints, inbound: NDArray[np.bool_]) -> Ints:
    """Order by code and time, at one moment outbound first; one key where it fits 64 bits, which is faster."""
    base = int(time.min()) if len(time) else 0
    span = 2 * (int(time.max()) - base + 1) if len(time) else 1
    if len(code) and (int(code.max()) + 1) * span < NEVER:
        return np.argsort(code * span + 2 * (time - base) + inbound, kind="stable")
    return np.lexsort((inbound, time, code))


def _numbered(flat: list[str]) -> tuple[pa.StringArray, Ints]:
    if not flat:
        return pa.array([], type=pa.string()), np.zeros(0, dtype=np.int64)
    encoded = pa.array(flat, type=pa.string()).dictionary_encode()
    return encoded.dictionary, encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)


def _packing(packs: list[Pack], parents: Ints, children: Ints, counts: Ints) -> Packing:
    """Stays of children in parents; a stay ends with unpacking or with the next packing of the same child."""
    times = milliseconds([pack.time for pack in packs])
    into = np.array([pack.action is PackAction.PACK for pack in packs], dtype=bool)
    event = np.repeat(np.arange(len(packs), dtype=np.int64), counts)
    put = into[event] if len(packs) else np.zeros(0, dtype=bool)
    child, parent, begins, number = children[put], parents[event[put]], times[event[put]], event[put]
    whole = ~into & (counts == 0)
    size = int(max(parents.max(initial=0), children.max(initial=0))) + 1
    pairs = parent * size + child
    single = parents[event[~put]] * size + children[~put]
    ends = np.minimum(
        next_time(parent, begins, parents[whole], times[whole]), next_time(pairs, begins, single, times[event[~put]])
    )
    order = np.argsort(parent, kind="stable")
    kept = np.minimum(ends, _next_own(child, begins))
    return Packing(parent[order], child[order], begins[order], kept[order], number[order], ends[order])


def next_time(keys: Ints, times: Ints, event_keys: Ints, event_times: Ints) -> Ints:
    """For each (key, time) the first later event time of the same key; the far future where there is none."""
    if not len(event_keys) or not len(keys):
        return np.full(len(keys), NEVER)
    known, event_keys = np.unique(event_keys, return_inverse=True)
    place = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    same = known[place] == keys
    base = min(int(times.min()), int(event_times.min()))
    combined = np.sort(event_keys * _SPAN + (event_times - base))
    wanted = place * _SPAN + (times - base)
    found = np.searchsorted(combined, wanted, side="right")
    value = combined[np.minimum(found, len(combined) - 1)]
    fits = same & (found < len(combined)) & (value // _SPAN == place)
    return np.where(fits, value % _SPAN + base, NEVER)


def _next_own(child: Ints, begins: Ints) -> Ints:
    order = np.lexsort((begins, child))
    ends = np.full(len(child), NEVER)
    if len(child) > 1:
        same = child[order[1:]] == child[order[:-1]]
        ends[order[:-1][same]] = begins[order[1:][same]]
    return ends


def _opened(
    line: Ints, code: Ints, birth: NDArray[np.bool_], times: Ints, packing: Packing, parents: NDArray[np.bool_]
) -> tuple[Ints, Ints]:
    """Movements with every package replaced by what it held; case, box, each: at most four levels."""
    lines_out, codes_out = [line[birth]], [code[birth]]
    todo_line, todo_code = line[~birth], code[~birth]
    for _ in range(4):
        is_parent = parents[todo_code]
        lines_out.append(todo_line[~is_parent])
        codes_out.append(todo_code[~is_parent])
        todo_line, todo_code = todo_line[is_parent], todo_code[is_parent]
        if not len(todo_line):
            break
        inner_line, inner_code, empty = _inside(todo_line, todo_code, times, packing)
        lines_out.append(todo_line[empty])
        codes_out.append(todo_code[empty])
        todo_line, todo_code = inner_line, inner_code
    return np.concatenate(lines_out), np.concatenate(codes_out)


def _inside(line: Ints, code: Ints, times: Ints, packing: Packing) -> tuple[Ints, Ints, NDArray[np.bool_]]:
    """Rows for the children held at the time of the line, and which packages held none."""
    first = np.searchsorted(packing.parent, code, side="left")
    many = np.searchsorted(packing.parent, code, side="right") - first
    row = np.repeat(np.arange(len(code)), many)
    place = np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many) + np.repeat(first, many)
    moment = times[line[row]]
    held = (packing.begins[place] <= moment) & (moment < packing.ends[place])
    closed = np.bincount(row[held], minlength=len(code)) == 0
    held |= closed[row] & (packing.begins[place] == _nearest(row, packing.begins[place], moment, len(code))[row])
    kept = row[held]
    empty = np.bincount(kept, minlength=len(code)) == 0
    return line[kept], packing.child[place[held]], empty


def _nearest(row: Ints, begins: Ints, moment: Ints, rows: int) -> Ints:
    """When the content was packed that a package without content at the moment had last, else will have first: clocks
    differ, and a bill may tell of a package that its holder has opened meanwhile."""
    last, first = np.full(rows, -1), np.full(rows, NEVER)
    past = begins <= moment
    np.maximum.at(last, row[past], begins[past])
    np.minimum.at(first, row[~past], begins[~past])
    return np.where(last >= 0, last, first)
