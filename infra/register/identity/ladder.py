"""The ladder of keys: which asset an observation is of, by the surest key it has.

The rungs (surest first): cloud instance id, machine id, hardware serial, MAC with VLAN, certificate key, name, address
at that time. A key is followed only where nothing surer contradicts it: two devices with one machine id but different
serials or instance ids are clones, not one. Where only network cards tell clones apart, the newcomer is a suspect.
"""

from __future__ import annotations

from collections.abc import Sequence

from infra.register.identity.holdings import Holdings
from infra.register.identity.known import Known
from infra.register.identity.observation import Observation, SightedBy

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


class Ladder(Holdings):
    """Finds the asset of an observation among those that are held; it begins only suspects."""

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
        leased = any(network_of(address) in self._leased for address in seen.ips)
        return seen.at - self.assets[bare].seen <= (ADOPT_S if leased else ADOPT_FIXED_S)

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

    def _fresh(self, asset: str, seen: Observation) -> bool:
        """Was the holder of the address seen with it lately, so that another name is a new name?"""
        for address in seen.ips:
            claim = self._ips[address].at(seen.at) if address in self._ips else None
            if claim is not None and self.current(claim.asset) == asset:
                return claim.by in SURE and seen.at - claim.seen < 24 * 3600
        return False


def network_of(address: str) -> str:
    """The neighbourhood leases are told apart by: the first 24 bits, or 64."""
    return address.rpartition(".")[0] if "." in address else ":".join(address.split(":")[:4])
