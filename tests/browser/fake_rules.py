"""A real rule desk over shipped rules and a database of its own, with a history to look at."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from analytics.rules.book import RuleBook
from analytics.rules.canary import Would, hour_of
from analytics.rules.desk import RuleDesk, RulePlaces
from analytics.rules.load import shipped_rules
from analytics.rules.state import Outcome, RuleState, Sight
from analytics.rules.suppressing import SuppressionDesk
from infra.clock import Clock
from infra.errors import AppError, ErrorKind
from infra.records import open_records
from infra.records.migrate import migrate
from infra.store.seams import EventStore
from infra.web.seams import Actor

GUESSING = "6b0d6b0e-4f0e-4c41-9d3c-0b1f0c0f0a02"
PASSWORD = "6b0d6b0e-4f0e-4c41-9d3c-0b1f0c0f0a05"
MINER = "6b0d6b0e-4f0e-4c41-9d3c-0b1f0c0f0a17"
SCANNER = """title: 自有漏洞扫描器
logsource: {product: linux, service: sshd}
filter:
    rules: [6b0d6b0e-4f0e-4c41-9d3c-0b1f0c0f0a01]
    known: {source.ip: 10.20.0.9}
    condition: not known
"""
ENGINEER = Actor(id="u-engineer", name="规则工程师")


class ShownOutcomes:
    """Numbers for two rules."""

    def of_rules(self, now: datetime) -> Mapping[str, Outcome]:
        return {
            GUESSING: Outcome(days=(3, 0, 8, 21, 5, 2, 13), verdicts={"true_positive": 9, "false_positive": 2}),
            PASSWORD: Outcome(days=(0, 0, 0, 0, 1, 0, 2), verdicts={}),
        }


def shown_canaries(clock: Clock) -> dict[str, Would]:
    """What the rule on trial would have raised."""
    now = clock.now()
    hours = {hour_of(now - timedelta(hours=back)): count for back, count in ((0, 4), (3, 11), (26, 7), (75, 2))}
    return {PASSWORD: Would(hours, "shown-0", now - timedelta(minutes=3))}


def fake_rules(clock: Clock, mode: str, store: EventStore) -> Callable[[], RuleDesk]:
    """``full``: shipped rules, one on trial and one off; ``empty``: no rule at all; ``broken``: no answer."""

    @cache
    def desk() -> RuleDesk:
        if mode == "broken":
            raise AppError(ErrorKind.UNAVAILABLE, "dashboards.error.timeout", seconds="10")
        folder = Path(tempfile.mkdtemp(prefix="rules-"))
        records = open_records(folder / "records.db")
        migrate(records.engine)
        book = RuleBook(records, clock)
        paths = (shipped_rules(),) if mode in ("full", "first") else (folder / "none",)
        seen = frozenset((GUESSING, PASSWORD)) if mode == "full" else frozenset[str]()
        sight = Sight(clock.now(), seen) if mode == "full" else Sight()
        made = RuleDesk(
            book, RulePlaces(paths), store, ShownOutcomes(), lambda: sight, clock, lambda: shown_canaries(clock)
        )
        if mode == "full":
            made.switch(ENGINEER, PASSWORD, RuleState.CANARY, "先观察一周，堡垒机仍用口令登录")
            made.switch(ENGINEER, MINER, RuleState.DISABLED, "测试网段不需要")
            owned = ("值班员甲", "自有漏洞扫描器，每周三夜间运行", clock.now() + timedelta(days=30))
            SuppressionDesk(lambda: made, store, clock).make(ENGINEER, SCANNER, *owned)
        return made

    lock = threading.Lock()

    def one() -> RuleDesk:
        with lock:
            return desk()

    return one
