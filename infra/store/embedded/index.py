"""Which rows of a segment may hold a word, a value or an id: a sidecar beside each compacted segment.

Of an item that stands in a few rows the rows are kept, three bytes each; of one that stands in more, a bit for each of
the segment's 64 stretches (4,096 rows of a full one) that have it. So the search for a rare word, an address or an id
reads the rows that have it, one for something common the stretches; a Bloom filter could only tell segments apart.

The sidecar: a header, an offset for each 256 items, the sorted keys of the items, the lengths of what is kept of each
(8 for the bits, else three for each row), and that itself. The first version kept stretches alone; it is still read.
"""

from __future__ import annotations

import mmap
import os
import struct
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from infra.store.embedded.items import FEW, Items, Longs, counted, distinct, items_of, key_of, value_salt, word_salt
from infra.store.embedded.segment import STRETCH_ROWS
from infra.store.embedded.spans import Spans, joined, of_mask

STRETCHES = 64
_SIGN = b"YDINDEX\x02"
_HEADER = struct.Struct("<8sQQQ")
_BITS = 8
_STEP = 256
_ROW = 3
_MOST_ROWS = 1 << 8 * _ROW
_FIRST_SIGN = b"YDINDEX\x01"
Bytes = npt.NDArray[np.uint8]
Keys = npt.NDArray[np.uint32]


def stretch_rows(rows: int) -> int:
    """Rows of one stretch of a segment of ``rows``: whole blocks, at most 64 stretches."""
    blocks = -(-max(rows, 1) // STRETCH_ROWS)
    return -(-blocks // STRETCHES) * STRETCH_ROWS


def build(rows: pa.Table) -> bytes:
    """The sidecar of a segment of ``rows`` in their order."""
    found = items_of(rows, stretch_rows(rows.num_rows))
    rare, often = _parted(found, few=FEW if rows.num_rows <= _MOST_ROWS else 0)
    return _packed(rare, often, found.width)


def _parted(found: Items, few: int) -> tuple[Longs, Longs]:
    """Pairs of key and row of what stands in at most ``few`` rows of the whole segment, and of key and stretch of the
    rest."""
    nothing = np.zeros(0, np.uint64)
    rare, often = distinct(np.concatenate([nothing, *found.rare])), distinct(np.concatenate([nothing, *found.often]))
    keys = rare >> np.uint64(32)
    counts, at = counted(keys)
    more = (counts > few)[at] | _among(keys, often >> np.uint64(6))
    return rare[~more], distinct(np.concatenate((often, found.placed(rare[more]))))


def _among(keys: Longs, ordered: Longs) -> npt.NDArray[np.bool_]:
    if not len(ordered):
        return np.zeros(len(keys), np.bool_)
    found: npt.NDArray[np.bool_] = ordered[np.minimum(np.searchsorted(ordered, keys), len(ordered) - 1)] == keys
    return found


def _packed(rare: Longs, often: Longs, width: int) -> bytes:
    rows, row_items = counted(rare >> np.uint64(32))
    stretches, _ = counted(often >> np.uint64(6))
    first_rows, first_bits = _starts(rows), _starts(stretches)
    keys = np.concatenate((rare[first_rows] >> np.uint64(32), often[first_bits] >> np.uint64(6))).astype(np.uint32)
    lengths = np.concatenate((rows * _ROW, np.full(len(stretches), _BITS))).astype(np.int64)
    order = np.argsort(keys, kind="stable")
    starts = np.empty(len(keys), np.int64)
    starts[order] = _starts(lengths[order])
    kept = np.zeros(int(lengths.sum()), np.uint8)
    place = starts[row_items] + (np.arange(len(rare)) - first_rows[row_items]) * _ROW
    for byte in range(_ROW):
        kept[place + byte] = (rare >> np.uint64(8 * byte) & np.uint64(0xFF)).astype(np.uint8)
    if len(often):
        masks = np.bitwise_or.reduceat(np.uint64(1) << (often & np.uint64(63)), first_bits).astype("<u8")
        kept[starts[len(rows) :, None] + np.arange(_BITS)] = masks.view(np.uint8).reshape(-1, _BITS)
    steps = starts[order][::_STEP].astype("<u8")
    head = _HEADER.pack(_SIGN, width, len(keys), len(kept))
    sizes = lengths[order].astype(np.uint8)
    return b"".join((head, steps.tobytes(), keys[order].tobytes(), sizes.tobytes(), kept.tobytes()))


def _starts(lengths: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return np.cumsum(lengths) - lengths


class Index:
    """A sidecar, read where it lies."""

    current = True

    def __init__(self, data: bytes | mmap.mmap) -> None:
        sign, self.width, count, kept = _HEADER.unpack_from(data)
        steps = -(-count // _STEP)
        if sign != _SIGN or len(data) != _HEADER.size + 8 * steps + 5 * count + kept:
            raise ValueError(sign)
        at = _HEADER.size
        self._steps = np.frombuffer(data, np.uint64, steps, at)
        self._keys = np.frombuffer(data, np.uint32, count, at := at + 8 * steps)
        self._lengths = memoryview(data)[at + 4 * count : at + 5 * count]
        self._kept = memoryview(data)[at + 5 * count :]

    def word(self, name: str, word: str) -> Spans:
        """The rows that may hold ``word`` in the text field ``name``; the last range may reach beyond the segment."""
        return self._spans(key_of(word, word_salt(name)))

    def value(self, name: str, value: str) -> Spans:
        """The rows that may hold the whole ``value``; addresses by their key."""
        return self._spans(key_of(value, value_salt(name)))

    def _spans(self, key: int) -> Spans:
        at = int(np.searchsorted(self._keys, np.uint32(key)))
        if at >= len(self._keys) or self._keys[at] != key:
            return ()
        step = at - at % _STEP
        start = int(self._steps[at // _STEP]) + sum(self._lengths[step:at])
        kept = bytes(self._kept[start : start + self._lengths[at]])
        if len(kept) == _BITS:
            return of_mask(int.from_bytes(kept, "little"), self.width)
        rows = [int.from_bytes(kept[at : at + _ROW], "little") for at in range(0, len(kept), _ROW)]
        return joined((row, row + 1) for row in rows)


class FirstIndex(Index):
    """A sidecar of the first version: the stretch of an item that stands in one, the bits of one that stands in
    several."""

    current = False

    def __init__(self, data: bytes | mmap.mmap) -> None:
        sign, self.width, alone, many = _HEADER.unpack_from(data)
        if sign != _FIRST_SIGN or len(data) != _HEADER.size + 12 * many + 5 * alone:
            raise ValueError(sign)
        at = _HEADER.size
        self._masks = np.frombuffer(data, np.uint64, many, at)
        self._many = np.frombuffer(data, np.uint32, many, at := at + 8 * many)
        self._alone = np.frombuffer(data, np.uint32, alone, at := at + 4 * many)
        self._places = np.frombuffer(data, np.uint8, alone, at + 4 * alone)

    def _spans(self, key: int) -> Spans:
        at = int(np.searchsorted(self._many, np.uint32(key)))
        if at < len(self._many) and self._many[at] == key:
            return of_mask(int(self._masks[at]), self.width)
        at = int(np.searchsorted(self._alone, np.uint32(key)))
        there = at < len(self._alone) and self._alone[at] == key
        return of_mask(1 << int(self._places[at]), self.width) if there else ()


def load(path: Path) -> Index | None:
    """The sidecar in ``path``; None where there is none (a segment not yet compacted), or one of another version."""
    try:
        return _opened(path, path.stat().st_mtime_ns)
    except (FileNotFoundError, ValueError, struct.error):
        return None


@lru_cache(maxsize=2048)
def _opened(path: Path, _written_ns: int) -> Index:
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        data = mmap.mmap(file, 0, prot=mmap.PROT_READ)
    finally:
        os.close(file)
    return FirstIndex(data) if data[: len(_FIRST_SIGN)] == _FIRST_SIGN else Index(data)
