"""What each source holds in each segment, remembered beside the segment so that a restart need not read it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import msgspec

from infra.events.frame import decode_frame
from infra.spool.record import HEADER_BYTES, records
from infra.spool.segment import segment_path


def shares_path(folder: Path, segment: int) -> Path:
    """Where the shares of ``segment`` lie."""
    return segment_path(folder, segment).with_suffix(".shares")


def write_shares(folder: Path, segment: int, shares: Mapping[str, int]) -> None:
    """Remember ``shares``; a lost or torn file is made again from the segment."""
    shares_path(folder, segment).write_bytes(msgspec.json.encode(dict(shares)))


def read_shares(folder: Path, segment: int) -> Mapping[str, int]:
    """Bytes per source in ``segment``."""
    try:
        return msgspec.json.decode(shares_path(folder, segment).read_bytes(), type=dict[str, int])
    except (FileNotFoundError, msgspec.DecodeError):
        return _count(folder, segment)


def _count(folder: Path, segment: int) -> Counter[str]:
    shares: Counter[str] = Counter()
    data = memoryview(segment_path(folder, segment).read_bytes())
    for found in records(data[HEADER_BYTES:], segment, HEADER_BYTES):
        shares[decode_frame(found.payload).source] += len(found.payload)
    return shares
