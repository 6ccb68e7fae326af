"""The book of assets: takes observations in the order they come and says which asset each one is of.

The ladder finds the asset; the book learns what was said of it. A suspected clone becomes an asset of its own at once,
and is joined to the first again when that one stays silent, as after a changed card.
"""

from __future__ import annotations

from collections.abc import Iterable

from infra.register.identity.claims import Claim, Intervals
from infra.register.identity.known import Finding, Known
from infra.register.identity.ladder import ADOPT_FIXED_S, SETTLE_S, SURE, TOGETHER_S, Ladder, network_of
from infra.register.identity.observation import Observation, SightedBy, clean

SINGLE = ("instance_id", "machine_id", "serial")


class AssetBook(Ladder):
    """Every asset that was seen, what was found out about each, and which of them were touched since last asked."""

    def observe(self, seen: Observation) -> str | None:
        """The asset of ``seen``; None where nothing in it tells devices apart."""
        seen = clean(seen)
        found = self._find(seen)
        if found is None:
            if not (self._telling(seen) or seen.ips):
                return None
            found = self._begin(seen)
        self._learn(self.assets[found], seen)
        return found

    def settle(self, now: float) -> int:
        """Join suspects to the asset they were suspected to copy where that one has been silent since; how many."""
        joined = 0
        for suspect, original in list(self._suspects.items()):
            one, other = self.assets.get(suspect), self.assets.get(original)
            if one is None or other is None:
                del self._suspects[suspect]
            elif other.seen > one.since + TOGETHER_S:
                self._confirm(one, other)
            elif now - other.seen > max(SETTLE_S, 4 * other.usual_pause_s) and one.sightings > 3:
                self._join(one, other, now)
                joined += 1
        return joined

    def _telling(self, seen: Observation) -> bool:
        return bool(seen.instance_id or seen.machine_id or seen.serial or seen.macs or seen.name or seen.spki)

    def _learn(self, one: Known, seen: Observation) -> None:
        self.touched.add(one.id)
        one.seen = max(one.seen, seen.at)
        one.by.add(seen.by.value)
        one.sightings += 1
        one.complete |= seen.by is SightedBy.AGENT and bool(seen.macs)
        for kind in SINGLE:
            self._note_key(one, kind, getattr(seen, kind), seen, tell=True)
        self._note_key(one, "spki", seen.spki, seen, tell=False)
        for mac in seen.macs:
            self._note_key(one, "mac", mac, seen, tell=False)
            if seen.vlan:
                one.vlans[mac] = seen.vlan
        if seen.by is SightedBy.DHCP:
            self._leased.update(map(network_of, seen.ips))
            self._meet_twin(one, seen)
        self._take_name(one, seen)
        self._take_addresses(one, seen)
        for name, value in seen.facts.items():
            before = one.facts.get(name)
            if before is not None and before[0] != value and before[2] <= seen.at:
                self.findings.append(Finding("changed", one.id, seen.at, name, before[0], value))
            if before is None or before[2] <= seen.at:
                one.facts[name] = (value, seen.by.value, seen.at)

    def _note_key(self, one: Known, kind: str, value: str, seen: Observation, *, tell: bool) -> None:
        if not value:
            return
        held = one.keys[kind]
        if tell and held and value not in held:
            self.findings.append(Finding("changed", one.id, seen.at, kind, one.newest(kind), value))
        held.pop(value, None)
        held[value] = seen.at
        one.told[kind, value] = seen.by.value
        self._holders[kind][value][one.id] = seen.at

    def _take_name(self, one: Known, seen: Observation) -> None:
        if not seen.name:
            return
        before = one.newest("name")
        claim = self._names[seen.name].at(seen.at)
        if claim is not None and self.current(claim.asset) != one.id and not self._outranks(seen, claim):
            self._remember_name(one, seen)
            return
        self._names[seen.name].hold(one.id, seen.at, seen.by)
        self._remember_name(one, seen)
        if before and before != seen.name and seen.by in SURE:
            self._leave(self._names, before, one.id, seen.at)
            self.findings.append(Finding("changed", one.id, seen.at, "name", before, seen.name))

    def _remember_name(self, one: Known, seen: Observation) -> None:
        one.keys["name"].pop(seen.name, None)
        one.keys["name"][seen.name] = seen.at

    def _outranks(self, seen: Observation, claim: Claim) -> bool:
        """A log line or a certificate does not take a name from one whose agent or lease says it."""
        return seen.by in SURE or claim.by not in SURE

    def _take_addresses(self, one: Known, seen: Observation) -> None:
        if not seen.ips:
            return
        for address in seen.ips:
            claim = self._ips[address].at(seen.at)
            holder = self.current(claim.asset) if claim is not None else None
            if holder is not None and holder != one.id and seen.by not in SURE:
                continue
            if holder is not None and holder != one.id and self.assets[holder].bare:
                self._adopt(holder, one, seen)
            self._ips[address].hold(one.id, seen.at, seen.by, seen.until)
            one.addresses.add(address)
            one.keys["ip"].pop(address, None)
            one.keys["ip"][address] = seen.at
        if seen.by in (SightedBy.AGENT, SightedBy.CLOUD, SightedBy.DHCP):
            self._leave_others(one, seen)

    def _adopt(self, bare: str, one: Known, seen: Observation) -> None:
        if seen.by is not SightedBy.DHCP and self._may_adopt(bare, seen) and one.since >= seen.at - ADOPT_FIXED_S:
            self._join(self.assets[bare], one, seen.at)

    def _leave_others(self, one: Known, seen: Observation) -> None:
        """An agent lists all addresses; a lease ends the one before it on the same card."""
        for address in [each for each in one.addresses if each not in seen.ips]:
            claim = self._ips[address].at(seen.at)
            if claim is None or self.current(claim.asset) != one.id:
                one.addresses.discard(address)
            elif claim.since < seen.at and (
                seen.by is SightedBy.AGENT or (claim.by == seen.by and (":" in address) == (":" in seen.ips[0]))
            ):
                claim.until = seen.at
                one.addresses.discard(address)

    def _meet_twin(self, one: Known, seen: Observation) -> None:
        """Cards with one name that take turns are one device's; cards seen together are not."""
        for made in self._twins.pop(one.id, ()):
            other = self.assets.get(made)
            if other is not None and seen.at - other.seen > TOGETHER_S and not (other.complete or one.complete):
                self._join(other, one, seen.at)

    def _leave(self, held: dict[str, Intervals], value: str, asset: str, at: float) -> None:
        claim = held[value].at(at)
        if claim is not None and self.current(claim.asset) == asset and claim.since < at:
            claim.until = at

    def _confirm(self, suspect: Known, original: Known) -> None:
        del self._suspects[suspect.id]
        key = suspect.newest("machine_id")
        self.findings.append(Finding("cloned", suspect.id, suspect.since, "machine_id", original.id, key))


def merge(observations: Iterable[Observation], book: AssetBook | None = None) -> list[str | None]:
    """The assets of a set of observations, each in its place; taken in the order of time, suspects settled."""
    book = book or AssetBook()
    wanted = list(observations)
    order = sorted(range(len(wanted)), key=lambda index: wanted[index].at)
    found: list[str | None] = [None] * len(wanted)
    settled = 0.0
    for index in order:
        found[index] = book.observe(wanted[index])
        if wanted[index].at - settled > TOGETHER_S:
            settled = wanted[index].at
            book.settle(settled)
    if order:
        book.settle(wanted[order[-1]].at + SETTLE_S + 1)
    return [book.current(asset) if asset is not None else None for asset in found]
