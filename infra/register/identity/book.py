"""The book of assets: takes observations in the order they come and says which asset each one is of.

The ladder (surest first): cloud instance id, machine id, hardware serial, MAC with VLAN, certificate key, name, address
at that time. A key is followed only where nothing surer contradicts it: two devices with one machine id but different
serials or instance ids are clones, not one. Where only network cards tell clones apart, the newcomer is a suspect: it
becomes an asset of its own at once, and is joined to the first again when that one stays silent, as after a changed
card.

Longer than usual: each rung of the ladder reads what the rungs before it wrote, and they only change together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count

from infra.register.identity.claims import FOREVER, Claim, Intervals
from infra.register.identity.known import Finding, Known
from infra.register.identity.observation import Observation, SightedBy, clean

SETTLE_S = 24 * 3600.0
"""An asset whose suspect goes on while it is silent for so long, and for four of its usual pauses, was the same device
with another network card."""
TOGETHER_S = 900.0
"""Seen within so long of each other, two are alive at the same time."""
ADOPT_S = 3600.0
"""An address seen alone belongs to whoever is found behind it within so long, where addresses are leased."""
ADOPT_FIXED_S = 14 * 24 * 3600.0
"""The same where no lease was ever seen."""
SURE = (SightedBy.AGENT, SightedBy.CLOUD, SightedBy.DHCP, SightedBy.ARP, SightedBy.LLDP)
SINGLE = ("instance_id", "machine_id", "serial")


class AssetBook:
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

    # Asking

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

    # Taking in

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

    # The ladder

    def _find(self, seen: Observation) -> str | None:
        for step in (self._by_instance, self._by_machine, self._by_serial, self._by_mac, self._by_key):
            if (found := step(seen)) is not None:
                return found
        if seen.instance_id or seen.machine_id or seen.serial or seen.macs:
            return self._adopted(seen) or self._named(seen)
        return self._by_weak(seen)

    def _by_instance(self, seen: Observation) -> str | None:
        return next(iter(self._holding("instance_id", seen.instance_id)), None)

    def _by_machine(self, seen: Observation) -> str | None:
        fitting = [each for each in self._holding("machine_id", seen.machine_id) if self._fits(each, seen)]
        if not fitting:
            return None
        cards = set(seen.macs)
        close = [each for each in fitting if cards & self.assets[each].keys["mac"].keys()]
        if not close and seen.serial:
            close = [each for each in fitting if seen.serial in self.assets[each].keys["serial"]]
        if not close and seen.instance_id:
            close = [each for each in fitting if seen.instance_id in self.assets[each].keys["instance_id"]]
        if close:
            return self._latest(close)
        if not cards:
            return self._closest(fitting, seen)
        blank = [each for each in fitting if not self.assets[each].keys.get("mac")]
        if blank:
            return self._latest(blank)
        return self._suspect(self._latest(fitting), seen)

    def _by_serial(self, seen: Observation) -> str | None:
        fitting = [each for each in self._holding("serial", seen.serial) if self._same_instance(each, seen)]
        return self._latest(fitting) if fitting else None

    def _by_mac(self, seen: Observation) -> str | None:
        for mac in seen.macs:
            holding = [each for each in self._holding("mac", mac) if self._fits(each, seen)]
            if seen.vlan and len(holding) > 1:
                same = [each for each in holding if self.assets[each].vlans.get(mac) in (None, seen.vlan)]
                holding = same or holding
            if holding:
                return self._closest(holding, seen)
        return None

    def _by_key(self, seen: Observation) -> str | None:
        """A certificate is followed where its key is one asset's, and not against who holds the address."""
        if not seen.spki:
            return None
        holding = [each for each in self._holding("spki", seen.spki) if self._fits(each, seen)]
        here = self._held_address(seen)
        if here is not None and here in holding:
            return here
        if here is not None and not self.assets[here].bare:
            return None
        if len(holding) != 1:
            return None
        one = self.assets[holding[0]]
        if seen.name and one.newest("name") and seen.name != one.newest("name"):
            return None
        return holding[0]

    def _by_weak(self, seen: Observation) -> str | None:
        here = self._held_address(seen)
        named = self.by_name(seen.name, seen.at) if seen.name else None
        if named is not None and here is not None and named != here:
            return self._between(named, here, seen)
        if named is None and seen.name and here is not None and not self.assets[here].newest("name"):
            return here
        if named is not None:
            return named
        if here is None:
            return self._since_left(seen)
        one = self.assets[here]
        if seen.name and one.newest("name") and seen.name != one.newest("name") and not self._fresh(here, seen):
            return None
        return here

    def _between(self, named: str, here: str, seen: Observation) -> str:
        """The name says one, the address another: where one of them is hardly known they are the same; else the
        address counts where its holder had the name too."""
        if self.assets[here].bare:
            self._join(self.assets[here], self.assets[named], seen.at)
            return named
        if self.assets[named].light and not self.assets[here].newest("name"):
            self._join(self.assets[named], self.assets[here], seen.at)
            return here
        return here if seen.name in self.assets[here].keys["name"] else named

    def _since_left(self, seen: Observation) -> str | None:
        """Nobody holds the address any more: the bare asset that had it last is meant, if there is one."""
        if seen.name:
            return None
        for address in seen.ips:
            last = self._ips[address].before(seen.at) if address in self._ips else None
            if last is not None and self.assets[self.current(last.asset)].bare:
                return self.current(last.asset)
        return None

    def _adopted(self, seen: Observation) -> str | None:
        """A device with keys at an address that was seen alone shortly before: that was it, unless a lease began."""
        if seen.by is SightedBy.DHCP:
            return None
        here = self._held_address(seen)
        if here is not None and self.assets[here].bare and self._may_adopt(here, seen):
            return here
        return None

    def _named(self, seen: Observation) -> str | None:
        """Keys nobody has, and a name: whoever is known by that name and little else."""
        named = self.by_name(seen.name, seen.at) if seen.name else None
        return named if named is not None and self.assets[named].light and self._fits(named, seen) else None

    def _may_adopt(self, bare: str, seen: Observation) -> bool:
        leased = any(_network(address) in self._leased for address in seen.ips)
        return seen.at - self.assets[bare].seen <= (ADOPT_S if leased else ADOPT_FIXED_S)

    # Judging

    def _fits(self, asset: str, seen: Observation) -> bool:
        """Does nothing surer contradict it?"""
        one = self.assets[asset]
        for kind in ("instance_id", "serial"):
            said = getattr(seen, kind)
            if said and one.keys.get(kind) and said not in one.keys[kind]:
                return False
        if seen.machine_id and one.keys.get("machine_id") and seen.machine_id not in one.keys["machine_id"]:
            sure = seen.serial in one.keys["serial"] if seen.serial else False
            return sure or not self._alive(one, seen)
        return True

    def _same_instance(self, asset: str, seen: Observation) -> bool:
        known = self.assets[asset].keys.get("instance_id")
        return not (seen.instance_id and known and seen.instance_id not in known)

    def _alive(self, one: Known, seen: Observation) -> bool:
        """Is the one with another machine id still about, by that id?"""
        last = max(one.keys["machine_id"].values(), default=0.0)
        return abs(seen.at - last) < TOGETHER_S

    def _suspect(self, original: str, seen: Observation) -> str:
        """Same machine id, other network cards, nothing else to tell: a clone, until the first one stays silent."""
        for suspect, first in self._suspects.items():
            if first == original and set(seen.macs) & self.assets[suspect].keys["mac"].keys():
                return suspect
        if seen.name and seen.name in self.assets[original].keys["name"] and self._gone(original, seen):
            return original
        made = self._begin(seen)
        self._suspects[made] = original
        return made

    def _gone(self, original: str, seen: Observation) -> bool:
        return seen.at - self.assets[original].seen > SETTLE_S

    def _closest(self, assets: Sequence[str], seen: Observation) -> str:
        """Of several: the one with the name or the address now, else the one seen last."""
        if len(assets) > 1:
            named = [each for each in assets if seen.name and self.assets[each].newest("name") == seen.name]
            if len(named) == 1:
                return named[0]
            here = self._held_address(seen)
            if here in assets and here is not None:
                return here
        return self._latest(assets)

    def _latest(self, assets: Sequence[str]) -> str:
        return max(assets, key=lambda each: (self.assets[each].seen, each))

    def _held_address(self, seen: Observation) -> str | None:
        for address in seen.ips:
            if (holder := self.by_address(address, seen.at)) is not None:
                return holder
        return None

    def _fresh(self, asset: str, seen: Observation) -> bool:
        """Was the holder of the address seen with it lately, so that another name is a new name?"""
        for address in seen.ips:
            claim = self._ips[address].at(seen.at) if address in self._ips else None
            if claim is not None and self.current(claim.asset) == asset:
                return claim.by in SURE and seen.at - claim.seen < 24 * 3600
        return False

    def _holding(self, kind: str, value: str) -> list[str]:
        return list(self._holders[kind][value]) if value and value in self._holders[kind] else []

    def _telling(self, seen: Observation) -> bool:
        return bool(seen.instance_id or seen.machine_id or seen.serial or seen.macs or seen.name or seen.spki)

    # Writing

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
            self._leased.update(map(_network, seen.ips))
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

    def _note_twin(self, made: str, seen: Observation) -> None:
        """A card nobody knew, with a name somebody has: perhaps the other card of the same device."""
        if seen.by is not SightedBy.DHCP or not seen.name:
            return
        named = self.by_name(seen.name, seen.at)
        if named is not None and named != made and not self.assets[named].complete:
            self._twins[named].append(made)

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


def _network(address: str) -> str:
    """The neighbourhood leases are told apart by: the first 24 bits, or 64."""
    return address.rpartition(".")[0] if "." in address else ":".join(address.split(":")[:4])


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
