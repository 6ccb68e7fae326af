"""What inspections read of this site: services, sources, disks, accounts, backups, baseline, certificates."""

from __future__ import annotations

import hashlib
import shutil
import socket
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from infra.store.query.tree import Query, Stats, Term, TermsCount, Window
from infra.store.seams import EventStore
from ops.inspection.facts import Account, Backup, BaselineFinding, Disk
from yaodun.overview import services
from yaodun.site import Site
from yaodun.sources import source_rows

MINUTES = timedelta(minutes=10)
DAY = timedelta(days=1)
MOST_BACKUPS = 50


class Inspected:
    """Implements ``ops.inspection.facts.SiteFacts``."""

    def __init__(self, site: Site, store: Callable[[], EventStore]) -> None:
        self._site, self._open = site, store

    @cached_property
    def _store(self) -> EventStore:
        """Opened at the first look: the runner is small while it looks at nothing."""
        return self._open()

    def services(self) -> Sequence[tuple[str, str]]:
        """Supervised services with their state."""
        return [(str(row["name"]), str(row["state"])) for row in services(self._site.home)]

    def sources(self) -> Sequence[dict[str, Any]]:
        """Every source with its account."""
        return [row for row in source_rows(self._site, self._store) if row["available"]]

    def disks(self) -> Sequence[Disk]:
        """File systems of all hosts as they report them; the one the data folder is on where none does."""
        now = self._site.clock.now()
        today, before = self._used(now - MINUTES, now), self._used(now - DAY - MINUTES, now - DAY)
        found = [
            Disk(host=host, mount=mount, used=used, growth_per_day=_growth(used, before.get((host, mount))))
            for (host, mount), used in today.items()
        ]
        if found:
            return found
        size = shutil.disk_usage(self._site.home.root)
        return [Disk(host=socket.gethostname(), mount=str(self._site.home.root), used=size.used / size.total)]

    def _used(self, start: datetime, end: datetime) -> dict[tuple[str, str], float]:
        chosen = Term("yaodun.metric.name", "disk.used")
        query = Query(streams=("metrics",), window=Window(start, end), filter=chosen, limit=0)
        per_mount = TermsCount("yaodun.metric.instance", 200, inner={"value": Stats("yaodun.metric.value")})
        per_host = TermsCount("host.name", 1000, inner={"mount": per_mount})
        hosts = self._store.aggregate(query, {"host": per_host})
        return {
            (str(host.key), str(mount.key)): float(mean)
            for host in hosts["host"].buckets
            for mount in host.inner["mount"].buckets
            if (mean := mount.inner["value"].values.get("avg")) is not None
        }

    def accounts(self) -> Sequence[Account]:
        """Accounts of the platform."""
        return [
            Account(
                name=person.name, state=person.state, roles=person.roles,
                created=person.created or self._site.clock.now(),
                last_seen=person.last_seen, second_factor=person.second_factor,
            )
            for person in self._site.identity.people()
        ]  # fmt: skip

    def backups(self) -> Sequence[Backup]:
        """Backups the ledger knows of, by the folder they lie in, and when one there was proven to come back."""
        from trust.audit import Audit
        from trust.audit.row import AuditFilter

        audit = Audit(self._site.records, self._site.clock)
        proven: dict[str, datetime] = {}
        for row in audit.rows(AuditFilter(action="yaodun.site.backup_proven"), MOST_BACKUPS).items:
            proven.setdefault(str(row.detail.get("to", "")), row.at)
        rows = audit.rows(AuditFilter(action="yaodun.site.backup"), MOST_BACKUPS).items
        taken = [row for row in rows if row.action == "yaodun.site.backup"]
        return [
            Backup(place=str(Path(to).parent), taken=row.at, proven=proven.get(to))
            for row in taken
            if (to := str(row.detail.get("to", ""))) and Path(to).is_dir()
        ]

    def baseline(self) -> Sequence[BaselineFinding]:
        """The host baseline of this machine."""
        from ops.baseline.host import Host
        from ops.baseline.registry import run_checks
        from ops.baseline.tree import HostTree

        found = run_checks(Host(HostTree(Path("/")), self._site.clock.now()))
        return [
            BaselineFinding(
                id=each.check.id, title=each.check.title, verdict=str(each.outcome.verdict),
                digest=_digest(each.outcome),
                evidence="; ".join(f"{proof.source}: {proof.text}" for proof in each.outcome.evidence[:3])[:500],
            )
            for each in found
        ]  # fmt: skip

    def certificates(self) -> Sequence[tuple[str, bytes]]:
        """The certificate of the site's own door, where it has one."""
        folder = self._site.home.tls
        return [(path.name, path.read_bytes()) for path in sorted(folder.glob("*.crt")) if path.is_file()]


def _growth(now: float, before: float | None) -> float | None:
    return None if before is None else now - before


def _digest(outcome: Any) -> str:
    seen = "\n".join(f"{proof.source}\t{proof.text}" for proof in outcome.evidence)
    return hashlib.sha256(f"{outcome.verdict}\n{seen}".encode()).hexdigest()[:16]
