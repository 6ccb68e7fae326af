"""Checks of the site itself: services, sources, capacity, backups, accounts, baseline and its drift."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from ops.inspection.result import Found, bad, ok, unseen

if TYPE_CHECKING:
    from ops.inspection.probes import Look

DAY_S = 86_400.0
ADMINISTRATORS = frozenset({"system_admin", "security_admin", "audit_admin"})


def services(look: Look) -> Iterator[Found]:
    """Every supervised service runs."""
    for name, state in look.facts.services():
        if state in ("running", "starting"):
            yield ok(name, state, "running")
        else:
            yield bad(name, "service_down", state, "running", state=state)


def sources(look: Look) -> Iterator[Found]:
    """Every source that was heard is still heard, and loses nothing beyond ``lost_share``."""
    most = float(look.args.get("lost_share", 0.01))
    for row in look.facts.sources():
        name, received = str(row["id"]), int(row["received"])
        if not received:
            continue
        lost = (int(row["quarantined"]) + int(row["refused"])) / received
        if row["silent"]:
            yield bad(name, "silent", str(row["last_seen"]), "", last=row["last_seen"])
        elif lost > most:
            yield bad(name, "lossy", f"{lost:.1%}", f"{most:.1%}", lost=f"{lost:.1%}", most=f"{most:.1%}")
        else:
            yield ok(name, f"{lost:.2%}", f"{most:.1%}", received=received, last_seen=str(row["last_seen"]))


def capacity(look: Look) -> Iterator[Found]:
    """File systems: used share at most ``used``, and at the pace of the last days not full within ``days``."""
    most, least = float(look.args.get("used", 0.85)), float(look.args.get("days", 30))
    for disk in look.facts.disks():
        name, used = f"{disk.host}:{disk.mount}", f"{disk.used:.0%}"
        growth = disk.growth_per_day
        left = (1.0 - disk.used) / growth if growth and growth > 0 else None
        until = f"{left:.0f} d" if left is not None else "—"
        if disk.used > most:
            yield bad(name, "disk_full", used, f"{most:.0%}", used=used, most=f"{most:.0%}")
        elif left is not None and left < least:
            yield bad(name, "disk_filling", until, f"{least:.0f} d", days=f"{left:.0f}", used=used)
        else:
            yield ok(name, f"{used}, {until}", f"{most:.0%}, {least:.0f} d")


def backups(look: Look) -> Iterator[Found]:
    """The newest backup of each place is at most ``days`` old, and was proven to come back within ``proven_days``."""
    most, proven = float(look.args.get("days", 1)), float(look.args.get("proven_days", 90))
    found = look.facts.backups()
    if not found:
        yield bad("—", "no_backup", "", f"{most:g} d", most=f"{most:g}")
    for place in sorted({backup.place for backup in found}):
        newest = max((backup for backup in found if backup.place == place), key=lambda backup: backup.taken)
        age = _days(look.now, newest.taken)
        tested = max((each.proven for each in found if each.place == place and each.proven), default=None)
        if age > most:
            yield bad(place, "backup_old", f"{age:.1f} d", f"{most:g} d", age=f"{age:.1f}", most=f"{most:g}")
        elif tested is None or _days(look.now, tested) > proven:
            when = tested.isoformat() if tested else "—"
            yield bad(place, "backup_unproven", when, f"{proven:g} d", when=when, most=f"{proven:g}")
        else:
            yield ok(place, f"{age:.1f} d", f"{most:g} d", taken=newest.taken.isoformat(), proven=tested.isoformat())


def accounts(look: Look) -> Iterator[Found]:
    """Accounts nobody used for ``dormant_days``, invitations nobody took for ``invited_days``, administrators without a
    second factor."""
    dormant, invited = float(look.args.get("dormant_days", 90)), float(look.args.get("invited_days", 14))
    for account in look.facts.accounts():
        if account.state == "disabled":
            continue
        idle = _days(look.now, account.last_seen or account.created)
        if account.state == "invited" and idle > invited:
            yield bad(account.name, "invitation_open", f"{idle:.0f} d", f"{invited:g} d", days=f"{idle:.0f}")
        elif account.state == "active" and idle > dormant:
            yield bad(account.name, "dormant", f"{idle:.0f} d", f"{dormant:g} d", days=f"{idle:.0f}")
        elif account.state == "active" and ADMINISTRATORS & set(account.roles) and not account.second_factor:
            yield bad(account.name, "no_second_factor", "", "")
        else:
            yield ok(account.name, f"{idle:.0f} d", f"{dormant:g} d", roles=", ".join(account.roles))


def baseline(look: Look) -> Iterator[Found]:
    """The host baseline: non-compliant items, and items that drifted since the last run without an approved change."""
    host = str(look.args.get("host", "this host"))
    change = look.approved(host)
    for finding in look.facts.baseline():
        before = look.before.get(finding.id, {})
        moved = bool(before) and before.get("digest") != finding.digest
        seen = {"digest": finding.digest, "seen": finding.evidence, "verdict": finding.verdict}
        if finding.verdict == "non_compliant":
            yield _with(bad(finding.id, "non_compliant", finding.verdict, "compliant", title=finding.title), seen)
        elif moved and not change:
            yield _with(bad(finding.id, "drifted", finding.verdict, "", title=finding.title), seen)
        elif finding.verdict == "not_obtained":
            yield _with(unseen(finding.id, "not_obtained", title=finding.title), seen)
        else:
            yield ok(finding.id, finding.verdict, "compliant", **seen, **({"change": change} if moved else {}))


def _with(found: Found, evidence: dict[str, str]) -> Found:
    import msgspec

    return msgspec.structs.replace(found, evidence={**found.evidence, **evidence})


def _days(now: datetime, then: datetime) -> float:
    return (now - then).total_seconds() / DAY_S
