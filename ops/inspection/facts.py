"""What inspections read of the site itself; the wiring implements it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

import msgspec


class Disk(msgspec.Struct, frozen=True, kw_only=True):
    """A file system: share used now, and growth of that share per day where it is known."""

    host: str
    mount: str
    used: float
    growth_per_day: float | None = None


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """An account of the platform."""

    name: str
    state: str
    roles: tuple[str, ...]
    created: datetime
    last_seen: datetime | None
    second_factor: bool


class Backup(msgspec.Struct, frozen=True, kw_only=True):
    """A second copy: when it was taken, and when it last was proven to come back."""

    place: str
    taken: datetime
    proven: datetime | None = None


class BaselineFinding(msgspec.Struct, frozen=True, kw_only=True):
    """One check of the host baseline: its verdict, and a digest of what was seen."""

    id: str
    title: str
    verdict: str
    digest: str
    evidence: str = ""


class SiteFacts(Protocol):
    """What of this site can be looked at. Each may raise ``AppError`` or ``OSError``: then it could not be seen."""

    def services(self) -> Sequence[tuple[str, str]]: ...

    def sources(self) -> Sequence[dict[str, Any]]: ...

    def disks(self) -> Sequence[Disk]: ...

    def accounts(self) -> Sequence[Account]: ...

    def backups(self) -> Sequence[Backup]: ...

    def baseline(self) -> Sequence[BaselineFinding]: ...

    def certificates(self) -> Sequence[tuple[str, bytes]]:
        """Own certificates: place, and PEM or DER."""
