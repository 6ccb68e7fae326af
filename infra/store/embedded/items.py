"""The words and whole values of a segment's rows as 32-bit keys, with the rows or the stretches they stand in.

Items are hashed all at once, by numpy, as polynomials over their bytes modulo 2**64 with a final mix (Steele, Lea,
Flood: SplitMix, OOPSLA 2014).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from infra.events.table import Field, FieldType, table
from infra.store.query.addresses import ip_key
from infra.store.query.sql import FLAT_PATHS
from infra.store.query.tokens import tokens

FEW = 8
"""Rows that are kept one by one of an item; of one that stands in more, its stretches are kept."""
SKIPPED = frozenset({"event.original"})
_SPLIT = r"[\x00-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f]+"
"""Signs of ASCII: no engine takes them for a part of a word."""
_FACTOR = 0x9E3779B97F4A7C15
_MASK = 0xFFFFFFFFFFFFFFFF
_BLOCK = 1 << 16
Longs = npt.NDArray[np.uint64]


@dataclass(slots=True)
class Items:
    """What was found: ``rare`` are keys with a row each (in the lowest 32 bits), ``often`` keys with a stretch of
    ``width`` rows each (in the lowest six)."""

    width: int
    rare: list[Longs] = field(default_factory=list)
    often: list[Longs] = field(default_factory=list)

    def take(self, keys: Longs, rows: Longs) -> None:
        """Take in ``keys`` with the row of each; an item in more than a few of them goes by stretches."""
        pairs = distinct(keys << np.uint64(32) | rows)
        counts, at = counted(pairs >> np.uint64(32))
        rare = (counts <= FEW)[at]
        self.rare.append(pairs[rare])
        self.often.append(self.placed(pairs[~rare]))

    def placed(self, pairs: Longs) -> Longs:
        """Pairs of key and row as pairs of key and stretch, each once."""
        stretches = (pairs & np.uint64(0xFFFFFFFF)) // np.uint64(self.width)
        return distinct(pairs >> np.uint64(32) << np.uint64(6) | stretches)


def items_of(rows: pa.Table, width: int) -> Items:
    """The items of ``rows`` in their order."""
    found = Items(width)
    for name in rows.column_names:
        one = table().get(name)
        if one is not None and name not in SKIPPED and not name.endswith(FLAT_PATHS):
            column = rows.column(name)
            for at in range(0, rows.num_rows, _BLOCK):
                _block(found, one, column.slice(at, _BLOCK), at)
    return found


def distinct(values: Longs) -> Longs:
    """Sorted, each once; several times as fast as numpy's own, which hashes."""
    ordered = np.sort(values)
    found: Longs = ordered[np.concatenate((ordered[:1] == ordered[:1], ordered[1:] != ordered[:-1]))]
    return found


def counted(ordered: Longs) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """How often each of sorted values stands there, and for each place which of them it is."""
    fresh = np.concatenate((ordered[:1] == ordered[:1], ordered[1:] != ordered[:-1]))
    at = np.cumsum(fresh) - 1
    return np.bincount(at, minlength=1 if len(at) else 0), at


def _block(found: Items, one: Field, column: pa.ChunkedArray, first: int) -> None:
    values = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    rows = np.arange(first, first + len(values), dtype=np.int64)
    if one.array:
        rows = first + pc.list_parent_indices(values).to_numpy(zero_copy_only=False)
        values = pc.list_flatten(values)
    if one.type in (FieldType.TEXT, FieldType.WILDCARD):
        _words(found, one.name, values, rows)
    elif one.type in (FieldType.KEYWORD, FieldType.IP):
        _values(found, one.name, values, rows, addresses=one.type is FieldType.IP)


def _values(found: Items, name: str, values: pa.Array, rows: npt.NDArray[np.int64], *, addresses: bool) -> None:
    """Values that are seen often are told by their codes already, and need no sorting."""
    coded = values.dictionary_encode()
    known = coded.dictionary
    if addresses:
        known = pa.array([ip_key(value) for value in known.to_pylist()], pa.string())
    keys = _hashes(known, value_salt(name))
    there = pc.is_valid(coded.indices).to_numpy(zero_copy_only=False)
    chosen = coded.indices.drop_null().to_numpy(zero_copy_only=False)
    placed = rows[there].astype(np.uint64)
    often = (np.bincount(chosen, minlength=len(keys)) > FEW)[chosen] if len(keys) else chosen == chosen
    found.take(keys[chosen[~often]], placed[~often])
    stretches = placed[often] // np.uint64(found.width)
    found.often.append(distinct(keys[chosen[often]] << np.uint64(6) | stretches))


def _words(found: Items, name: str, values: pa.Array, rows: npt.NDArray[np.int64]) -> None:
    split = pc.split_pattern_regex(values, _SPLIT)
    owners = rows[pc.list_parent_indices(split).to_numpy(zero_copy_only=False)].astype(np.uint64)
    words = pc.list_flatten(split)
    plain = pc.string_is_ascii(words).to_numpy(zero_copy_only=False)
    there = pc.binary_length(words).to_numpy(zero_copy_only=False) > 0
    keys = _hashes(pc.ascii_lower(words), word_salt(name))
    chosen = there & plain
    if plain.all():
        found.take(keys[chosen], owners[chosen])
    else:
        more, where = _odd(name, words, owners, ~plain)
        found.take(np.concatenate((keys[chosen], more)), np.concatenate((owners[chosen], where)))


def _odd(name: str, words: pa.Array, owners: Longs, odd: npt.NDArray[np.bool_]) -> tuple[Longs, Longs]:
    """What goes beyond ASCII between its signs: split and folded as queries do, each distinct one once."""
    coded = words.filter(pa.array(odd)).dictionary_encode()
    parts: Sequence[Sequence[str]] = [tokens(word) for word in coded.dictionary.to_pylist()]
    counts = np.array([len(part) for part in parts], np.int64)
    keys = _hashes(pa.array([one for part in parts for one in part], pa.string()), word_salt(name))
    starts = np.concatenate((np.zeros(1, np.int64), np.cumsum(counts)))
    chosen = coded.indices.to_numpy(zero_copy_only=False)
    repeats = counts[chosen]
    within = np.arange(int(repeats.sum())) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    return keys[np.repeat(starts[chosen], repeats) + within], np.repeat(owners[odd], repeats)


def _hashes(texts: pa.Array, salt: int) -> Longs:
    """32-bit keys of texts, in 64-bit words; null is nothing and gets any."""
    texts = pc.fill_null(texts, "") if texts.null_count else texts
    texts = texts.cast(pa.large_string())
    offsets = np.frombuffer(texts.buffers()[1], np.int64)[texts.offset : texts.offset + len(texts) + 1]
    if not len(texts):
        return np.zeros(0, np.uint64)
    lengths = np.diff(offsets)
    start, end = int(offsets[0]), int(offsets[-1])
    sums = np.zeros(len(texts), np.uint64)
    if end > start:
        data = np.frombuffer(texts.buffers()[2], np.uint8)[start:end].astype(np.uint64) + np.uint64(1)
        place = np.arange(end - start) - np.repeat(offsets[:-1] - start, lengths)
        weighted = data * _powers(int(lengths.max()))[place]
        filled = lengths > 0
        sums[filled] = np.add.reduceat(weighted, (offsets[:-1] - start)[filled])
    return _mixed(sums ^ np.uint64(salt)) >> np.uint64(32)


@lru_cache(maxsize=4)
def _powers_of(count: int) -> Longs:
    return np.multiply.accumulate(np.full(count, _FACTOR, np.uint64))


def _powers(count: int) -> Longs:
    """Powers of the factor, at least ``count``."""
    return _powers_of(1 << max(10, (count - 1).bit_length()))


def _mixed(value: Longs) -> Longs:
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: Longs = value ^ (value >> np.uint64(31))
    return mixed


def key_of(text: str, salt: int) -> int:
    """The key of one text, as ``build`` makes it."""
    total, power = 0, 1
    for byte in text.encode("utf-8", "surrogatepass"):
        power = power * _FACTOR & _MASK
        total = total + (byte + 1) * power & _MASK
    value = total ^ salt
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 & _MASK
    value = (value ^ value >> 27) * 0x94D049BB133111EB & _MASK
    return (value ^ value >> 31) >> 32


@lru_cache(maxsize=4096)
def word_salt(name: str) -> int:
    """What tells words of one field from those of another."""
    return _salt(f"w{name}")


@lru_cache(maxsize=4096)
def value_salt(name: str) -> int:
    """What tells whole values of one field from those of another."""
    return _salt(f"v{name}")


def _salt(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")
