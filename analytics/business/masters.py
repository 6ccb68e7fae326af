"""Parties, products, batches, authorities as they were at a time."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from infra.events.business import Authority, Batch, Entitlement, Export, Party, Product, Role, Schema, Workflow

if TYPE_CHECKING:
    from analytics.business.book import Book

Thing = TypeVar("Thing")
_GRANT_LAG = timedelta(hours=1)
"""An entitlement recorded so long after an export still covers it: clocks differ."""


class History(Generic[Thing]):
    """Versions of things by key; the version at a time is the newest that began by then, else the first."""

    def __init__(self, things: Iterable[Thing], key: Callable[[Any], Any]) -> None:
        self._times: defaultdict[Any, list[float]] = defaultdict(list)
        self._versions: defaultdict[Any, list[Thing]] = defaultdict(list)
        for thing in things:
            self._times[key(thing)].append(thing.time.timestamp() * 1000)  # type: ignore[attr-defined]
            self._versions[key(thing)].append(thing)

    def at(self, key: Any, moment: float) -> Thing | None:
        """The version then; the first one for earlier moments; None for an unknown key."""
        versions = self._versions.get(key)
        if not versions:
            return None
        return versions[max(0, bisect_right(self._times[key], moment) - 1)]

    def last(self, key: Any) -> Thing | None:
        """The newest version."""
        versions = self._versions.get(key)
        return versions[-1] if versions else None

    def versions(self, key: Any) -> list[Thing]:
        """All, the oldest first."""
        return self._versions.get(key, [])

    def keys(self) -> Iterable[Any]:
        """Every key."""
        return self._versions.keys()

    def __contains__(self, key: Any) -> bool:
        return key in self._versions

    def __len__(self) -> int:
        return len(self._versions)


class Masters:
    """The master data of a book."""

    def __init__(self, book: Book) -> None:
        self.parties: History[Party] = History(book.of(Party), lambda item: item.party)
        self.products: History[Product] = History(book.of(Product), lambda item: item.product)
        self.batches: History[Batch] = History(book.of(Batch), lambda item: (item.product, item.batch))
        self.authorities: History[Authority] = History(book.of(Authority), lambda item: item.issuer)
        self.workflows: History[Workflow] = History(book.of(Workflow), lambda item: item.workflow)
        self.schemas: History[Schema] = History(book.of(Schema), lambda item: item.dataset)
        self.entitlements: History[Entitlement] = History(book.of(Entitlement), lambda e: (e.user, e.dataset))
        self._entitled = frozenset(user for user, _ in self.entitlements.keys())  # noqa: SIM118

    def reports(self, party: str | None) -> bool:
        """Whether the party reports to this platform: known, and never seen on another one."""
        versions = self.parties.versions(party) if party else []
        return bool(versions) and all(version.platform == "central" for version in versions)

    def role(self, party: str) -> Role | None:
        """What the party does."""
        found = self.parties.last(party)
        return found.role if found else None

    def not_agreed(self, export: Export) -> str:
        """What of an export nobody agreed: its "dataset" (not this account's, or out of time), its "purpose"; '' where
        all was agreed, and for accounts whose entitlements are not known."""
        if export.user not in self._entitled:
            return ""
        versions = self.entitlements.versions((export.user, export.dataset))
        granted = [version for version in versions if version.time <= export.time + _GRANT_LAG]
        live = [version for version in granted if version.until is None or version.until >= export.time]
        if not live:
            return "dataset"
        if export.purpose is not None and not any(export.purpose in version.purposes for version in live):
            return "purpose"
        return ""

    def units(self, product: str, measure: str) -> int:
        """Smallest units in one of ``measure``."""
        found = self.products.last(product)
        if found is None or measure == "each":
            return 1
        return found.each_per_box * (found.box_per_case if measure == "case" else 1)
