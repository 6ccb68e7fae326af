"""The numbers of the business that posture and pages show; made by ``analytics.business.summary``."""

from __future__ import annotations

from datetime import datetime

import msgspec

from analytics.datasecurity.seen import SeenDataset


class Share(msgspec.Struct, frozen=True):
    """So many ``of`` so many; no share where there was nothing."""

    many: int
    of: int

    @property
    def percent(self) -> float | None:
        """0 to 100."""
        return 100.0 * self.many / self.of if self.of else None


class ProvinceQuality(msgspec.Struct, frozen=True, kw_only=True):
    """The exchange of a province (GB/T 2260 code) in the last week: transmissions answered as complete within a day,
    records stored of those sent, records that passed the checks, transmissions that needed one attempt, and those whose
    counts and digests agree on both sides."""

    province: str
    on_time: Share
    complete: Share
    valid: Share
    once: Share
    consistent: Share


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """Numbers of the last day of a book; None where nothing of the kind was reported, which is not zero."""

    at: datetime
    events: int
    feeds: int = 0
    feeds_on_time: float | None = None
    codes_per_day: int = 0
    trace_anomalies: float | None = None
    licence_misuse: float | None = None
    approval_overdue: float | None = None
    account_misuse: float | None = None
    sensitive_exports: float | None = None
    exchange_mismatch: float | None = None
    sensitive_unmasked: float | None = None
    unmasked: tuple[str, ...] = ()
    findings: dict[str, int] = {}
    systems: dict[str, int] = {}
    datasets: tuple[SeenDataset, ...] = ()
    provinces: tuple[ProvinceQuality, ...] = ()
