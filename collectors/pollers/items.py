"""Lists that are asked for again and again: everything at first and once an hour, and what changed in between."""

from __future__ import annotations

from collections.abc import Iterable

from infra.events.stream import Event, Stream

FULL_S = 3_600.0
MAX_ITEMS = 100_000


class ItemBook:
    """Of one poller. ``scope`` tells lists apart (a device, a cloud); an item is its fields without times."""

    def __init__(self, module: str) -> None:
        self._module = module
        self._known: dict[tuple[str, str], dict[str, Event]] = {}
        self._full_s: dict[tuple[str, str], float] = {}

    def update(self, scope: str, kind: str, items: dict[str, Event], now_ms: int) -> list[Event]:
        """Documents of the inventory stream: all items, or those added, changed and removed since the last time."""
        name, now_s = (scope, kind), now_ms / 1000
        before, self._known[name] = self._known.get(name), dict(list(items.items())[:MAX_ITEMS])
        if before is None or now_s - self._full_s.get(name, 0.0) >= FULL_S:
            self._full_s[name] = now_s
            documents = [self._item(kind, key, "present", fields, now_ms) for key, fields in items.items()]
            return documents + list(self._gone(kind, before or {}, items, now_ms))
        changed: list[Event] = []
        for key, fields in items.items():
            if key not in before:
                changed.append(self._item(kind, key, "added", fields, now_ms))
            elif before[key] != fields:
                changed.append(self._item(kind, key, "changed", fields, now_ms))
        return changed + list(self._gone(kind, before, items, now_ms))

    def of(self, scope: str, kind: str) -> dict[str, Event]:
        """The items as they were last."""
        return self._known.get((scope, kind), {})

    def change(self, scope: str, kind: str, key: str, fields: Event | None, now_ms: int) -> list[Event]:
        """One item was told to have changed, or to be gone (None)."""
        items = dict(self.of(scope, kind))
        if fields is None:
            items.pop(key, None)
        else:
            items[key] = fields
        return self.update(scope, kind, items, now_ms) if (scope, kind) in self._known else []

    def _gone(self, kind: str, before: dict[str, Event], items: dict[str, Event], now_ms: int) -> Iterable[Event]:
        for key, fields in before.items():
            if key not in items:
                yield self._item(kind, key, "removed", fields, now_ms)

    def _item(self, kind: str, key: str, change: str, fields: Event, now_ms: int) -> Event:
        return {
            "@timestamp": now_ms, "event.kind": "asset", "event.module": self._module,
            "event.dataset": f"{self._module}.inventory", "yaodun.stream": Stream.INVENTORY.value,
            "yaodun.inventory.kind": kind, "yaodun.inventory.key": key, "yaodun.inventory.change": change, **fields,
        }  # fmt: skip
