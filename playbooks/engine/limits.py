"""How far an act may reach: protected things, number of targets, rate, hours."""

from __future__ import annotations

import fnmatch
import ipaddress
from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from playbooks.engine.orders import Order
from playbooks.engine.rows import AttemptRow
from playbooks.model.guard import Limits, Window
from playbooks.model.playbook import Playbook


def refusal(
    session: Session, playbook: Playbook, run: str, order: Order, now: datetime, protected: tuple[str, ...], *,
    simulate: bool,
) -> str:  # fmt: skip
    """Why an order may not be carried out; empty where it may."""
    for limits in (playbook.guard.limits, playbook.guards.get(order.step, playbook.guard).limits):
        if hit := shielded(order, (*protected, *limits.protected)):
            return f"protected: {hit}"
        if not simulate and limits.windows and not any(within(window, now) for window in limits.windows):
            return "outside the hours in which this may be done"
        if limits.max_targets and _targets(session, run, order) > limits.max_targets:
            return f"more than {limits.max_targets} targets"
        if limits.per_hour and not simulate and _lately(session, playbook, order, now) >= limits.per_hour:
            return f"more than {limits.per_hour} in an hour"
    return ""


def aims(order: Order) -> list[str]:
    """Everything an order is aimed at: addresses and names of its target, targets of its effects, its words."""
    found = [str(each) for listed in (order.target.address.values() if order.target else ()) for each in listed]
    found += [each.target for each in order.effects if each.target]
    return [*found, *order.words[1:], *([order.target.name] if order.target else [])]


def shielded(order: Order, patterns: Iterable[str]) -> str:
    """The aim of an order that a pattern protects (a network, or a name with ``*``)."""
    for aim in aims(order):
        for pattern in patterns:
            if aim == pattern or fnmatch.fnmatchcase(aim, pattern) or _inside(aim, pattern):
                return aim
    return ""


def _inside(aim: str, pattern: str) -> bool:
    """Do two networks overlap? Blocking 0.0.0.0/0 would block a protected host."""
    try:
        first, second = ipaddress.ip_network(aim, strict=False), ipaddress.ip_network(pattern, strict=False)
    except ValueError:
        return False
    return first.version == second.version and first.overlaps(second)


def within(window: Window, now: datetime) -> bool:
    """Is it one of the hours of a window? One that ends before it begins goes over midnight."""
    local = now.astimezone(ZoneInfo(window.zone))
    clock = local.strftime("%H:%M")
    if window.start <= window.end:
        return local.isoweekday() in window.days and window.start <= clock < window.end
    yesterday = (local - timedelta(days=1)).isoweekday()
    return (local.isoweekday() in window.days and clock >= window.start) or (
        yesterday in window.days and clock < window.end
    )


def _targets(session: Session, run: str, order: Order) -> int:
    query = select(AttemptRow.order).where(AttemptRow.run == run, AttemptRow.step == order.step)
    done = {tuple(aims(msgspec.json.decode(body, type=Order))) for body in session.scalars(query)}
    return len(done | {tuple(aims(order))})


def _lately(session: Session, playbook: Playbook, order: Order, now: datetime) -> int:
    query = select(func.count()).where(
        AttemptRow.kind == order.kind, AttemptRow.step == order.step, AttemptRow.started > now - timedelta(hours=1),
        AttemptRow.state.in_(("done", "intent", "unknown")),
    )  # fmt: skip
    return int(session.scalar(query) or 0)


__all__ = ["Limits", "aims", "refusal", "shielded", "within"]
