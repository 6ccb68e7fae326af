"""Which stretches of a segment may hold a word, a value or an id: a sidecar beside each compacted segment.

A segment of 262,144 rows is 64 stretches of 4,096. An item found in one of them costs five bytes (32 bits of its hash
and the stretch), one found in several twelve (the hash and a bit for each stretch). So the search for a rare word, an
address or an id reads the stretches that have it and no others; a Bloom filter could only tell segments apart.

Items are hashed all at once, by numpy, as polynomials over their bytes modulo 2**64 with a final mix (Steele, Lea,
Flood: SplitMix, OOPSLA 2014).
"""

from __future__ import annotations

import hashlib
import mmap
import os
import struct
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from infra.events.table import Field, FieldType, table
from infra.store.embedded.segment import GROUP_ROWS
from infra.store.query.addresses import ip_key
from infra.store.query.sql import FLAT_PATHS
from infra.store.query.tokens import tokens

ALL = -1
"""Every stretch: the mask of what cannot be told."""
STRETCHES = 64
SKIPPED = frozenset({"event.original"})
_SIGN = b"YDINDEX\x01"
_HEADER = struct.Struct("<8sQQQ")
_SPLIT = r"[\x00-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f]+"
"""Signs of ASCII: no engine takes them for a part of a word."""
_FACTOR = 0x9E3779B97F4A7C15
_MASK = 0xFFFFFFFFFFFFFFFF
_BLOCK = 1 << 16
Keys = npt.NDArray[np.uint32]
Longs = npt.NDArray[np.uint64]


def stretch_rows(rows: int) -> int:
    """Rows of one stretch of a segment of ``rows``: whole row groups, at most 64 stretches."""
    groups = -(-max(rows, 1) // GROUP_ROWS)
    return -(-groups // STRETCHES) * GROUP_ROWS


def build(rows: pa.Table) -> bytes:
    """The sidecar of a segment of ``rows`` in their order."""
    width = stretch_rows(rows.num_rows)
    pairs: list[Longs] = []
    for name in rows.column_names:
        field = table().get(name)
        if field is not None and name not in SKIPPED and not name.endswith(FLAT_PATHS):
            column = rows.column(name)
            pairs += [_pairs(field, column.slice(at, _BLOCK), at, width) for at in range(0, rows.num_rows, _BLOCK)]
    found = _distinct(np.concatenate(pairs)) if pairs else np.zeros(0, np.uint64)
    return _packed(found, width)


def _distinct(values: Longs) -> Longs:
    """Sorted, each once; several times as fast as numpy's own, which hashes."""
    ordered = np.sort(values)
    found: Longs = ordered[np.concatenate((ordered[:1] == ordered[:1], ordered[1:] != ordered[:-1]))]
    return found


def _packed(pairs: Longs, width: int) -> bytes:
    """Sorted pairs of key and stretch: those that stand alone, then keys with the bits of all their stretches."""
    keys, places = (pairs >> np.uint64(6)).astype(np.uint32), (pairs & np.uint64(63)).astype(np.uint8)
    starts = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1]))) if len(keys) else np.zeros(0, np.int64)
    counts = np.diff(np.append(starts, len(keys)))
    alone = starts[counts == 1]
    bits = np.uint64(1) << places.astype(np.uint64)
    masks = np.bitwise_or.reduceat(bits, starts)[counts > 1] if len(keys) else bits
    many = keys[starts[counts > 1]]
    head = _HEADER.pack(_SIGN, width, len(alone), len(many))
    # eight-byte values first, so that all lie where they can be read in place
    return b"".join((head, masks.tobytes(), many.tobytes(), keys[alone].tobytes(), places[alone].tobytes()))


def _pairs(field: Field, column: pa.ChunkedArray, first: int, width: int) -> Longs:
    """Keys and stretches (in the lowest six bits) of the items in some rows of a column."""
    values = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    owners = np.arange(first, first + len(values), dtype=np.int64)
    if field.array:
        owners = first + pc.list_parent_indices(values).to_numpy(zero_copy_only=False)
        values = pc.list_flatten(values)
    if field.type in (FieldType.TEXT, FieldType.WILDCARD):
        return _worded(field.name, values, owners // width)
    if field.type is FieldType.KEYWORD:
        return _valued(field.name, values, owners // width)
    if field.type is FieldType.IP:
        return _valued(field.name, values, owners // width, addresses=True)
    return np.zeros(0, np.uint64)


def _valued(name: str, values: pa.Array, places: npt.NDArray[np.int64], *, addresses: bool = False) -> Longs:
    coded = values.dictionary_encode()
    distinct = coded.dictionary
    if addresses:
        distinct = pa.array([ip_key(value) for value in distinct.to_pylist()], pa.string())
    keys = _hashes(distinct, value_salt(name))
    there = pc.is_valid(coded.indices).to_numpy(zero_copy_only=False)
    chosen = coded.indices.drop_null().to_numpy(zero_copy_only=False)
    found: Longs = _distinct(keys[chosen] << np.uint64(6) | places[there].astype(np.uint64))
    return found


def _worded(name: str, values: pa.Array, places: npt.NDArray[np.int64]) -> Longs:
    split = pc.split_pattern_regex(values, _SPLIT)
    owners = places[pc.list_parent_indices(split).to_numpy(zero_copy_only=False)].astype(np.uint64)
    words = pc.list_flatten(split)
    plain = pc.string_is_ascii(words).to_numpy(zero_copy_only=False)
    there = pc.binary_length(words).to_numpy(zero_copy_only=False) > 0
    keys = _hashes(pc.ascii_lower(words), word_salt(name))
    pairs: Longs = _distinct((keys << np.uint64(6) | owners)[there & plain])
    return pairs if plain.all() else _distinct(np.concatenate((pairs, _odd(name, words, owners, ~plain))))


def _odd(name: str, words: pa.Array, owners: Longs, odd: npt.NDArray[np.bool_]) -> Longs:
    """What goes beyond ASCII between its signs: split and folded as queries do, each distinct one once."""
    coded = words.filter(pa.array(odd)).dictionary_encode()
    parts = [tokens(word) for word in coded.dictionary.to_pylist()]
    counts = np.array([len(part) for part in parts], np.int64)
    keys = _hashes(pa.array([one for part in parts for one in part], pa.string()), word_salt(name))
    starts = np.concatenate((np.zeros(1, np.int64), np.cumsum(counts)))
    chosen = coded.indices.to_numpy(zero_copy_only=False)
    repeats = counts[chosen]
    within = np.arange(int(repeats.sum())) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    found: Longs = keys[np.repeat(starts[chosen], repeats) + within] << np.uint64(6)
    return found | np.repeat(owners[odd], repeats)


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


class Index:
    """A sidecar, read where it lies."""

    def __init__(self, data: bytes | mmap.mmap) -> None:
        sign, self.width, alone, many = _HEADER.unpack_from(data)
        if sign != _SIGN or len(data) != _HEADER.size + 12 * many + 5 * alone:
            raise ValueError(sign)
        at = _HEADER.size
        self._masks = np.frombuffer(data, np.uint64, many, at)
        self._many = np.frombuffer(data, np.uint32, many, at := at + 8 * many)
        self._alone = np.frombuffer(data, np.uint32, alone, at := at + 4 * many)
        self._places = np.frombuffer(data, np.uint8, alone, at + 4 * alone)

    def word(self, name: str, word: str) -> int:
        """The stretches that may hold ``word`` in the text field ``name``, a bit each."""
        return self._mask(key_of(word, word_salt(name)))

    def value(self, name: str, value: str) -> int:
        """The stretches that may hold the whole ``value``; addresses by their key."""
        return self._mask(key_of(value, value_salt(name)))

    def _mask(self, key: int) -> int:
        at = int(np.searchsorted(self._many, np.uint32(key)))
        if at < len(self._many) and self._many[at] == key:
            return int(self._masks[at])
        at = int(np.searchsorted(self._alone, np.uint32(key)))
        return 1 << int(self._places[at]) if at < len(self._alone) and self._alone[at] == key else 0


def load(path: Path) -> Index | None:
    """The sidecar in ``path``; None where there is none (a segment not yet compacted), or one of another version."""
    try:
        return _opened(path)
    except (FileNotFoundError, ValueError, struct.error):
        return None


@lru_cache(maxsize=2048)
def _opened(path: Path) -> Index:
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return Index(mmap.mmap(file, 0, prot=mmap.PROT_READ))
    finally:
        os.close(file)
