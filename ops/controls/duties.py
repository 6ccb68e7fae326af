"""Facts from what administrators run: one person who keeps a system does not also keep its audit or its security.

System, audit and security administration are told apart by the tools run (GB/T 22239-2019 8.1.5, 8.1.10.6a).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from infra.events.stream import Stream
from infra.store.query.tree import And, Composite, Exists, Query, Term, Terms, Window
from infra.store.seams import EventStore
from ops.controls.facts import OBJECT, Fact, fact

COLLECTOR = "duties"
SPAN = timedelta(days=30)
MOST = 2_000
DUTIES = {
    "system": ("systemctl", "apt", "apt-get", "dnf", "yum", "rpm", "dpkg", "useradd", "usermod", "userdel", "mount"),
    "audit": ("auditctl", "augenrules", "ausearch", "aureport"),
    "security": ("nft", "iptables", "ip6tables", "firewall-cmd", "ufw", "setenforce", "semanage", "aide"),
}
"""Tools by the duty they belong to."""
_DUTY = {tool: duty for duty, tools in DUTIES.items() for tool in tools}
NOBODY = frozenset({"root", "-", ""})
"""Names that say nothing of who it was."""


class DutyFacts:
    """A ``FactSource``. ``combined`` names people of the platform who hold roles that exclude each other (None:
    it has no people yet)."""

    def __init__(self, store: EventStore, combined: Callable[[], Sequence[str] | None]) -> None:
        self._store, self._combined = store, combined

    def facts(self, object_id: str, now: datetime) -> Iterator[Fact]:
        """Who does several duties on the object's hosts, or on the platform; nothing where neither can be seen."""
        people, run = self._combined(), self._run(object_id, now)
        evidence = f"/hunt?q=yaodun.system:{object_id} AND event.category:process&tr=30d"
        if people is not None or run:
            several = [f"{name}: {', '.join(sorted(duties))}" for name, duties in run.items() if len(duties) > 1]
            found = sorted([*(people or ()), *several])
            yield fact(OBJECT, "admin.roles_combined", found, now, COLLECTOR, evidence=evidence)
        by_others = self._strangers(run)
        for duty, kind in (
            ("system", "admin.system_actions_by_others"),
            ("security", "admin.security_actions_by_others"),
        ):
            if any(duty in duties for duties in run.values()):
                yield fact(OBJECT, kind, by_others[duty], now, COLLECTOR, evidence=evidence)

    def _run(self, object_id: str, now: datetime) -> dict[str, set[str]]:
        """Duties by the person who ran their tools."""
        chosen = And(
            (
                Term("yaodun.system", object_id), Term("event.category", "process"), Exists("user.name"),
                Terms("process.name", tuple(_DUTY)),
            )
        )  # fmt: skip
        window = Window(now - SPAN, now + timedelta(seconds=1))
        query = Query(streams=(Stream.LOGS,), window=window, filter=chosen, limit=0)
        pairs = self._store.aggregate(query, {"p": Composite(("user.name", "process.name"), MOST)})["p"].buckets
        found: dict[str, set[str]] = {}
        for bucket in pairs:
            name, tool = str(bucket.key[0]), str(bucket.key[1])
            if name not in NOBODY:
                found.setdefault(name, set()).add(_DUTY[tool])
        return found

    @staticmethod
    def _strangers(run: dict[str, set[str]]) -> dict[str, list[str]]:
        """Per duty the people who do it beside another one: of none of them can it be said that it is theirs alone."""
        return {
            duty: sorted(name for name, duties in run.items() if duty in duties and len(duties) > 1) for duty in DUTIES
        }
