"""Refusals of the spool, as errors that a sender can act on, and the watch on the disk's free space."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from pathlib import Path

from infra.errors import AppError, ErrorKind

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a spool may grow. All in bytes.

    ``total`` over all sources, ``segment`` per file, ``pending`` in memory before the disk, ``reserve`` that stays free
    on the disk for the rest of the platform.
    """

    total: int = 4096 * MIB
    segment: int = 64 * MIB
    pending: int = 64 * MIB
    reserve: int = 512 * MIB

    def __post_init__(self) -> None:
        if not 0 < self.segment <= self.total // 4 or self.segment >= 1 << 32:
            raise AppError(ErrorKind.INVALID, "infra.spool_limits", segment=self.segment, total=self.total)


def share_used_up(source: str) -> AppError:
    """``source`` holds its fair share of the spool, or the whole spool is full (source '')."""
    key = "infra.spool_share_used_up" if source else "infra.spool_full"
    return AppError(ErrorKind.RATE_LIMITED, key, source=source, retry_after_s=5)


def too_many_pending() -> AppError:
    """More is waiting for the disk than memory should hold."""
    return AppError(ErrorKind.RATE_LIMITED, "infra.spool_busy", retry_after_s=1)


def frame_too_large(size: int, limit: int) -> AppError:
    """One frame that no segment can hold."""
    return AppError(ErrorKind.TOO_LARGE, "infra.spool_frame_too_large", size=size, limit=limit)


def disk_trouble(error: OSError, folder: Path) -> AppError:
    """The disk did not take it: nothing was acknowledged, the sender keeps it and comes again."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return AppError(ErrorKind.UNAVAILABLE, "infra.spool_disk_full", place=str(folder), retry_after_s=15)
    return AppError(
        ErrorKind.UNAVAILABLE, "infra.spool_disk_failed", place=str(folder), problem=error.strerror, retry_after_s=15
    )


def check_reserve(folder: Path, wanted: int, reserve: int) -> None:
    """``OSError(ENOSPC)`` where taking ``wanted`` bytes would leave less than ``reserve`` free."""
    disk = os.statvfs(folder)
    if disk.f_bavail * disk.f_frsize < wanted + reserve:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))
