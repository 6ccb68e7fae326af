"""The rule desk of a site; its rules are read with the first question."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from infra.store.seams import EventStore
from ops.alerts.outcomes import AlertOutcomes
from yaodun.site import Site

if TYPE_CHECKING:
    from analytics.rules.desk import RuleDesk
    from analytics.rules.suppressing import SuppressionDesk


def rule_desk(site: Site, store: EventStore) -> Callable[[], RuleDesk]:
    """Gives the desk, always the same one."""

    @cache
    def desk() -> RuleDesk:
        from analytics.rules.book import RuleBook
        from analytics.rules.desk import RuleDesk
        from yaodun.rules import canaries_of, places_of, sight_of

        book, outcomes = RuleBook(site.records, site.clock), AlertOutcomes(site.records)
        return RuleDesk(
            book, places_of(site), store, outcomes, lambda: sight_of(site), site.clock, lambda: canaries_of(site)
        )

    lock = threading.Lock()

    def one() -> RuleDesk:
        with lock:
            return desk()

    return one


def suppression_desk(site: Site, store: EventStore, rules: Callable[[], RuleDesk]) -> Callable[[], SuppressionDesk]:
    """Gives the desk of suppressions over that of rules."""

    def desk() -> SuppressionDesk:
        from analytics.rules.suppressing import SuppressionDesk

        return SuppressionDesk(rules, store, site.clock)

    return desk
