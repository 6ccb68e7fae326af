"""An alert room with generated alerts, for page tests; it keeps the promises of ``dashboards.rooms.alerts``."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from statistics import median
from typing import Any

import msgspec

from dashboards.rooms.alerts import (
    Action,
    AlertCard,
    AlertFilter,
    AlertPage,
    AlertRow,
    Bar,
    Change,
    Done,
    Note,
    Stack,
    State,
    Why,
)
from dashboards.rooms.insight import Stage
from infra.clock import Clock
from infra.errors import AppError, ErrorKind
from infra.exchange import Dimension, Level
from infra.text import say
from infra.web.seams import Actor

RULES = (
    ("同一来源多次登录失败", Level.HIGH, "T1110.003", "source.ip", "203.0.113."),
    ("新的监听端口", Level.MEDIUM, "T1571", "host.name", "srv-"),
    ("以 root 身份执行交互式 shell", Level.HIGH, "T1548.003", "user.name", "svc_"),
    ("日志被截断", Level.CRITICAL, "T1070.002", "host.name", "srv-"),
    ("新增计划任务", Level.MEDIUM, "T1053.003", "host.name", "srv-"),
    ("网站目录遍历尝试", Level.MEDIUM, "T1190", "source.ip", "198.51.100."),
    ("端口扫描", Level.LOW, "T1046", "source.ip", "192.0.2."),
    ("首次出现的管理员账户", Level.LOW, "T1136.001", "user.name", "adm_"),
)
SYSTEMS = ("药品追溯监管系统", "电子证照库", "数据共享平台", "")


@dataclass
class FakeAlerts:
    """Generated alerts; ``broken`` makes every read fail, ``empty`` leaves none."""

    clock: Clock
    count: int = 120
    broken: bool = False
    version: int = 0
    rows: list[AlertRow] = field(default_factory=list)
    notes: dict[str, list[Note]] = field(default_factory=dict)
    undone: dict[str, list[AlertRow]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        dice = random.Random(7)
        self.rows = [self._row(index, dice) for index in range(self.count)]

    def _row(self, index: int, dice: random.Random) -> AlertRow:
        title, level, technique, kind, stem = RULES[min(len(RULES) - 1, int(dice.expovariate(0.4)))]
        last = self.clock.now() - timedelta(seconds=60 + dice.random() ** 2 * 86000)
        hours = tuple(max(0, int(dice.gauss(2, 3))) for _ in range(24))
        owner = dice.choice(("", "", "u-analyst"))
        state = dice.choice((State.NEW, State.NEW, State.ACKNOWLEDGED, State.CLOSED))
        return AlertRow(
            id=f"A-{index:05d}",
            rule=f"rule-{title}",
            title=title,
            level=level,
            state=state,
            signals=max(1, sum(hours)),
            entity_kind=kind,
            entity=f"{stem}{dice.randrange(2, 60)}",
            first_seen=last - timedelta(hours=dice.random() * 20),
            last_seen=last,
            techniques=(technique,),
            system=dice.choice(SYSTEMS),
            owner=owner,
            dimension=dice.choice((Dimension.INFRASTRUCTURE, Dimension.DATA, None)),
            owner_name="值班员甲" if owner else "",
            hours=hours,
        )

    def _check(self) -> None:
        if self.broken:
            raise AppError(ErrorKind.UNAVAILABLE, "dashboards.error.timeout", seconds="10")

    def _kept(self, wanted: AlertFilter, skip: str = "") -> list[AlertRow]:
        def keeps(row: AlertRow) -> bool:
            values = _facet_values(row)
            inside = wanted.window.start <= row.last_seen <= wanted.window.end
            words = wanted.text.lower() in f"{row.title} {row.entity} {row.system} {row.id}".lower()
            only = all(values.get(name) in chosen for name, chosen in wanted.only.items() if chosen and name != skip)
            return inside and words and only and not any(values.get(n) in c for n, c in wanted.without.items())

        return [row for row in self.rows if keeps(row)]

    def find(self, wanted: AlertFilter, stack: Stack, start: int, count: int) -> AlertPage:
        self._check()
        kept = sorted(self._kept(wanted), key=lambda row: (-row.level.rank, -row.last_seen.timestamp()))
        shown = kept if stack is Stack.FLAT else _stacked(kept, stack)
        return AlertPage(tuple(shown[start : start + count]), len(shown), len(kept), sum(row.signals for row in kept))

    def facets(self, wanted: AlertFilter) -> Mapping[str, Sequence[tuple[str, str, int]]]:
        self._check()
        found: dict[str, Sequence[tuple[str, str, int]]] = {}
        for name in ("level", "state", "dimension", "system", "origin", "owner"):
            counts: dict[str, int] = {}
            for row in self._kept(wanted, skip=name):
                value = _facet_values(row)[name]
                counts[value] = counts.get(value, 0) + 1
            found[name] = [
                (value, "值班员甲" if value == "u-analyst" else value, n)
                for value, n in sorted(counts.items(), key=lambda x: -x[1])
            ]
        return found

    def histogram(self, wanted: AlertFilter, bars: int) -> Sequence[Bar]:
        self._check()
        width = (wanted.window.end - wanted.window.start) / bars
        made = [dict.fromkeys(Level, 0) for _ in range(bars)]
        for row in self._kept(wanted):
            made[min(bars - 1, int((row.last_seen - wanted.window.start) / width))][row.level] += 1
        return [Bar(wanted.window.start + index * width, counts) for index, counts in enumerate(made)]

    def card(self, alert_id: str) -> AlertCard:
        self._check()
        row = self._row_of(alert_id)
        why = (
            Why("event.action", "= ssh_login", "ssh_login", "ssh_login"),
            Why("event.outcome", "= failure", "failure", "failure"),
            Why(row.entity_kind, "≥ 5 / 10m", f"{row.entity} ({row.signals})", row.entity),
        )
        related = tuple(other for other in self.rows if other.entity == row.entity and other.id != row.id)[:5]
        notes = (Note(row.first_seen, "", "首个信号"), *self.notes.get(alert_id, ()))
        return AlertCard(
            row=row,
            why=why,
            event_ids=("E-1", "E-2", "E-3"),
            history=notes,
            related=related,
            description="短时间内来自同一来源的多次失败登录，可能是口令喷洒。",
            author="Yaodun",
            risk=0.72,
            stages=tuple(
                Stage(tactic, row.id, row.rule, row.title, row.first_seen)
                for tactic in ("initial-access", "credential-access", "lateral-movement")
            ),
        )

    def _row_of(self, alert_id: str) -> AlertRow:
        for row in self.rows:
            if row.id == alert_id:
                return row
        raise AppError(ErrorKind.NOT_FOUND, "dashboards.alerts.gone", id=alert_id)

    def change(self, actor: Actor, change: Change) -> Done:
        self._check()
        before = [self._row_of(alert_id) for alert_id in change.ids]
        for row in before:
            self._put(_changed(row, change, actor))
            note = Note(self.clock.now(), actor.name, change.comment or say(f"dashboards.alerts.did_{change.action}"))
            self.notes.setdefault(row.id, []).append(note)
        token = f"undo-{len(self.undone)}"
        self.undone[token] = before
        return Done(
            len(before), sum(row.signals for row in before), token if change.action is not Action.COMMENT else ""
        )

    def undo(self, actor: Actor, token: str) -> Done:
        before = self.undone.pop(token, [])
        for row in before:
            self._put(row)
        return Done(len(before), sum(row.signals for row in before))

    def _put(self, row: AlertRow) -> None:
        self.rows = [row if other.id == row.id else other for other in self.rows]
        self.version += 1

    def measures(self) -> Mapping[str, Any]:
        self._check()
        open_rows = [row for row in self.rows if row.state is not State.CLOSED]
        return {
            "open": {level: sum(1 for row in open_rows if row.level is level) for level in Level},
            "unowned": sum(1 for row in open_rows if not row.owner),
            "oldest_critical": None,
            "acknowledge_s": 372.0 if open_rows else None,
            "close_s": median([13260.0]) if open_rows else None,
            "hours": [5] * 24,
        }


def _facet_values(row: AlertRow) -> dict[str, str]:
    return {
        "level": row.level,
        "state": row.state,
        "dimension": row.dimension or "",
        "system": row.system,
        "origin": row.origin,
        "owner": row.owner,
        "rule": row.rule,
        "entity": row.entity,
    }


def _stacked(rows: Sequence[AlertRow], stack: Stack) -> list[AlertRow]:
    groups: dict[str, list[AlertRow]] = {}
    for row in rows:
        groups.setdefault({Stack.RULE: row.rule, Stack.ENTITY: row.entity, Stack.SYSTEM: row.system}[stack], []).append(
            row
        )
    made = []
    for key, members in groups.items():
        first = members[0]
        if len(members) == 1:
            made.append(first)
            continue
        hours = tuple(sum(column) for column in zip(*(member.hours for member in members), strict=True))
        title = first.title if stack is Stack.RULE else first.entity if stack is Stack.ENTITY else first.system or "—"
        made.append(
            msgspec.structs.replace(
                first,
                id=key,
                title=title,
                alerts=len(members),
                signals=sum(member.signals for member in members),
                hours=hours,
                entity=first.entity if len({member.entity for member in members}) == 1 else "",
                last_seen=max(member.last_seen for member in members),
                first_seen=min(member.first_seen for member in members),
            )
        )
    return made


def _changed(row: AlertRow, change: Change, actor: Actor) -> AlertRow:
    if change.action is Action.ACKNOWLEDGE:
        return msgspec.structs.replace(
            row, state=State.ACKNOWLEDGED, owner=row.owner or actor.id, owner_name=row.owner_name or actor.name
        )
    if change.action is Action.ASSIGN:
        return msgspec.structs.replace(row, owner=change.owner, owner_name=change.owner and "值班员甲")
    if change.action is Action.CLOSE:
        return msgspec.structs.replace(row, state=State.CLOSED, verdict=change.verdict)
    if change.action is Action.REOPEN:
        return msgspec.structs.replace(row, state=State.NEW, verdict=None)
    return row
