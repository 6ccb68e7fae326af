"""What is held of assets: who they are, which keys, names and addresses each has, and since when.

Asked by address or name at a moment; an asset begins here, and one that was another all along is joined to it here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import count

from infra.register.identity.claims import FOREVER, Claim, Intervals
from infra.register.identity.known import Finding, Known
from infra.register.identity.observation import Observation, SightedBy


class Holdings:
    """``new_id`` makes the id of an asset from the surest key of its first observation."""

    def __init__(self, new_id: Callable[[Observation], str] | None = None) -> None:
        numbers = count(1)
        self._new_id = new_id or (lambda seen: f"asset-{next(numbers)}")
        self.assets: dict[str, Known] = {}
        self.findings: list[Finding] = []
        self.touched: set[str] = set()
        self._holders: dict[str, dict[str, dict[str, float]]] = defaultdict(lambda: defaultdict(dict))
        self._names: dict[str, Intervals] = defaultdict(Intervals)
        self._ips: dict[str, Intervals] = defaultdict(Intervals)
        self._joined: dict[str, str] = {}
        self._suspects: dict[str, str] = {}
        self._twins: dict[str, list[str]] = defaultdict(list)
        self._leased: set[str] = set()

    def current(self, asset: str) -> str:
        """The asset an id means today: one that was joined is part of another."""
        while asset in self._joined:
            asset = self._joined[asset]
        return asset

    def by_address(self, address: str, at: float) -> str | None:
        """Whose address it was at that time."""
        claim = self._ips[address].at(at) if address in self._ips else None
        return self.current(claim.asset) if claim else None

    def by_name(self, name: str, at: float) -> str | None:
        """Whose name it was at that time."""
        claim = self._names[name].at(at) if name in self._names else None
        return self.current(claim.asset) if claim else None

    def leases(self) -> Iterator[tuple[str, str, Claim]]:
        """Every claim of a name or an address: kind, value, claim."""
        for kind, held in (("name", self._names), ("ip", self._ips)):
            for value, intervals in held.items():
                for claim in intervals:
                    yield kind, value, claim

    def held_by(self, asset: str) -> Iterator[tuple[str, str, Claim]]:
        """Every key of an asset: kind, value, and when it was held."""
        one = self.assets[asset]
        for kind, values in one.keys.items():
            for value, seen in values.items():
                if kind in ("name", "ip"):
                    for claim in (self._names if kind == "name" else self._ips)[value]:
                        if self.current(claim.asset) == asset:
                            yield kind, value, claim
                else:
                    yield kind, value, Claim(asset, min(one.since, seen), seen, one.told.get((kind, value), ""))

    def restore(self, asset: str, kind: str, value: str, claim: Claim) -> None:
        """Put back a key that was kept; oldest first."""
        one = self.assets[asset]
        one.keys[kind][value] = claim.seen
        one.since, one.seen = min(one.since, claim.since), max(one.seen, claim.seen)
        if claim.by:
            one.by.add(claim.by)
        if kind in ("name", "ip"):
            (self._names if kind == "name" else self._ips)[value].restore(claim)
            if kind == "ip" and claim.until == FOREVER:
                one.addresses.add(value)
        else:
            one.told[kind, value] = claim.by
            self._holders[kind][value][asset] = claim.seen

    def _holding(self, kind: str, value: str) -> list[str]:
        return list(self._holders[kind][value]) if value and value in self._holders[kind] else []

    def _latest(self, assets: Sequence[str]) -> str:
        return max(assets, key=lambda each: (self.assets[each].seen, each))

    def _held_address(self, seen: Observation) -> str | None:
        for address in seen.ips:
            if (holder := self.by_address(address, seen.at)) is not None:
                return holder
        return None

    def _begin(self, seen: Observation) -> str:
        made = self._new_id(seen)
        base, copy = made, 1
        while made in self.assets or made in self._joined:
            copy += 1
            made = f"{base}-{copy}"
        self.assets[made] = Known(made, seen.at)
        self._note_twin(made, seen)
        self.findings.append(Finding("unknown", made, seen.at, after=seen.name or (seen.ips or ("",))[0]))
        return made

    def _note_twin(self, made: str, seen: Observation) -> None:
        """A card nobody knew, with a name somebody has: perhaps the other card of the same device."""
        if seen.by is not SightedBy.DHCP or not seen.name:
            return
        named = self.by_name(seen.name, seen.at)
        if named is not None and named != made and not self.assets[named].complete:
            self._twins[named].append(made)

    def _join(self, one: Known, into: Known, at: float) -> None:
        """``one`` was ``into`` all along."""
        self._joined[one.id] = into.id
        self._suspects.pop(one.id, None)
        for kind, values in one.keys.items():
            for value, moment in values.items():
                into.keys[kind][value] = max(moment, into.keys[kind].pop(value, 0.0))
                if kind not in ("name", "ip"):
                    self._holders[kind][value].pop(one.id, None)
                    self._holders[kind][value][into.id] = moment
                else:
                    (self._names if kind == "name" else self._ips)[value].give(one.id, into.id)
        into.seen, into.since = max(into.seen, one.seen), min(into.since, one.since)
        into.by |= one.by
        into.sightings += one.sightings
        into.complete |= one.complete
        into.addresses |= one.addresses
        into.facts = {**one.facts, **into.facts}
        del self.assets[one.id]
        self.touched |= {one.id, into.id}
        self.findings.append(Finding("joined", into.id, at, before=one.id))
