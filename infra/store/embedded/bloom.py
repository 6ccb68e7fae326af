"""Which words and values a segment surely does not hold: a Bloom filter beside each compacted segment.

One percent of false alarms at ten bits for each distinct word (Bloom, CACM 13(7), 1970; double hashing after Kirsch and
Mitzenmacher, 2006). Hunting for a rare word then opens only the segments that have it.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import struct
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from infra.events.table import FieldType, table
from infra.store.query.addresses import ip_key
from infra.store.query.sql import FLAT_PATHS
from infra.store.query.tokens import HAN_CLASS, tokens

_HEADER = struct.Struct("<8sQI")
_SIGN = b"YDBLOOM\x01"
_BITS, _HASHES = 10, 7
SKIPPED = frozenset({"event.id", "event.original"})
_SPLIT = r"[^\p{L}\p{N}]+"


def _hashes(item: str) -> tuple[int, int]:
    digest = hashlib.blake2b(item.encode("utf-8", "surrogatepass"), digest_size=16).digest()
    return int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:], "little") | 1


def build(items: Iterable[str]) -> bytes:
    """A filter of ``items`` as the bytes of a sidecar."""
    pairs = np.array([_hashes(item) for item in items], dtype=np.uint64).reshape(-1, 2)
    bits = max(64, _BITS * len(pairs))
    flags = np.zeros((bits + 7) // 8 * 8, dtype=bool)
    for turn in range(_HASHES):
        flags[(pairs[:, 0] + np.uint64(turn) * pairs[:, 1]) % np.uint64(bits)] = True
    return _HEADER.pack(_SIGN, bits, _HASHES) + np.packbits(flags, bitorder="little").tobytes()


class Bloom:
    """A filter over the bytes of a sidecar, read where it lies."""

    def __init__(self, data: bytes | mmap.mmap) -> None:
        sign, self._bits, self._turns = _HEADER.unpack_from(data)
        if sign != _SIGN:
            raise ValueError(sign)
        self._data = data

    def __contains__(self, item: str) -> bool:
        one, two = _hashes(item)
        for turn in range(self._turns):
            at = ((one + turn * two) & 0xFFFFFFFFFFFFFFFF) % self._bits
            if not self._data[_HEADER.size + at // 8] >> (at % 8) & 1:
                return False
        return True


@lru_cache(maxsize=2048)
def load(path: Path) -> Bloom | None:
    """The filter in ``path``; None where there is none (a segment not yet compacted) or it is no filter."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        return Bloom(mmap.mmap(file, 0, prot=mmap.PROT_READ))
    except (ValueError, struct.error):
        return None
    finally:
        os.close(file)


def items_of(rows: pa.Table) -> set[str]:
    """Everything a filter of ``rows`` must know: the words of texts, and the values of keywords and addresses."""
    items: set[str] = set()
    for name in rows.column_names:
        field = table().get(name)
        if field is None or name in SKIPPED or name.endswith(FLAT_PATHS):
            continue
        column = rows.column(name)
        if field.type in (FieldType.TEXT, FieldType.WILDCARD):
            items |= _words(name, _flattened(column, field.array))
        elif field.type is FieldType.KEYWORD:
            items |= {value_item(name, value) for value in _distinct(_flattened(column, field.array))}
        elif field.type is FieldType.IP:
            items |= {value_item(name, ip_key(value)) for value in _distinct(_flattened(column, field.array))}
    return items


def _flattened(column: pa.ChunkedArray, many: bool) -> pa.ChunkedArray:
    return pc.list_flatten(column) if many else column


def _distinct(column: pa.ChunkedArray) -> list[str]:
    return [value for value in column.unique().to_pylist() if value is not None]


def _words(name: str, column: pa.ChunkedArray) -> set[str]:
    texts = pc.utf8_lower(column.unique().drop_null())
    spaced = pc.replace_substring_regex(texts, f"({HAN_CLASS})", r" \1 ")
    words = pc.list_flatten(pc.split_pattern_regex(spaced, _SPLIT)).unique().to_pylist()
    found: set[str] = set()
    for word in words:
        found.update((word,) if word.isascii() else tokens(word))
    found.discard("")
    return {word_item(name, word) for word in found}


def word_item(name: str, word: str) -> str:
    """How a word of a text stands in a filter."""
    return f"{name}\x00w{word}"


def value_item(name: str, value: str) -> str:
    """How a whole value stands in a filter; addresses by their key."""
    return f"{name}\x00v{value}"
