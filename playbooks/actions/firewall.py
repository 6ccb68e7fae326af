"""The host's firewall (nftables): block or slow an address for a time, isolate the host but keep our own channel.

Everything lies in a table of our own, ``inet yaodun``; other tables are never touched. Times run out in the kernel, so
a block ends even where the platform does not live any more.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from playbooks.actions.action import DONE, Action, Before, Words, usage
from playbooks.actions.commands import Ended, Host
from playbooks.engine.orders import Outcome, Seen
from playbooks.model.guard import Effect

MAX_MINUTES = 60 * 24 * 30
_BASE = """
add table inet yaodun
add set inet yaodun blocked4 {{ type ipv4_addr; flags interval,timeout; }}
add set inet yaodun blocked6 {{ type ipv6_addr; flags interval,timeout; }}
add set inet yaodun slowed4 {{ type ipv4_addr; flags interval,timeout; }}
add set inet yaodun slowed6 {{ type ipv6_addr; flags interval,timeout; }}
add chain inet yaodun incoming {{ type filter hook input priority -150; policy accept; }}
add chain inet yaodun passing {{ type filter hook forward priority -150; policy accept; }}
add chain inet yaodun outgoing {{ type filter hook output priority -150; policy accept; }}
flush chain inet yaodun incoming
flush chain inet yaodun passing
flush chain inet yaodun outgoing
{rules}
"""
_RULES = "\n".join(
    f"add rule inet yaodun {chain} {family} {side} @blocked{number} drop"
    for chain, sides in (("incoming", ("saddr",)), ("passing", ("saddr", "daddr")), ("outgoing", ("daddr",)))
    for side in sides
    for family, number in (("ip", 4), ("ip6", 6))
)
_SLOW = "\n".join(
    f"add rule inet yaodun incoming {family} saddr @slowed{number} limit rate over {{rate}}/second drop"
    for family, number in (("ip", 4), ("ip6", 6))
)
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class _Set:
    """Elements of one kind of set."""

    name = ""
    kind = ""
    usage = ""
    prefix = "blocked"

    def __init__(self, host: Host | None = None) -> None:
        self._host = host or Host()

    def effects(self, words: Words) -> tuple[Effect, ...]:
        """The address, which can be taken out again."""
        network, _ = self._read(words)
        return (Effect(self.kind, _shown(network), reversible=True),)

    def probe(self, words: Words, key: str) -> Seen:
        """Is the address in the set?"""
        network, _ = self._read(words)
        if not _there(self._host).ok:
            return Seen.ABSENT
        return Seen.DONE if self._has(network) else Seen.ABSENT

    def act(self, words: Words, key: str) -> Outcome:
        """Put it in, with its time; an older time is replaced."""
        network, minutes = self._read(words)
        held = self._has(network)
        element = f"inet yaodun {self._set(network)} {{ {_shown(network)}"
        script = self._base(words) + (f"delete element {element} }}\n" if held else "")
        script += f"add element {element} timeout {minutes}m }}\n"
        done = self._nft(script)
        return done if not done.ok else Outcome(ok=True, output=done.output, before={"held": held})

    def undo(self, words: Words, before: Before) -> Outcome:
        """Take it out; one that was in before we came stays."""
        network, _ = self._read(words)
        if before.get("held") or not self._has(network):
            return DONE
        return self._nft(f"delete element inet yaodun {self._set(network)} {{ {_shown(network)} }}\n")

    def _base(self, words: Words) -> str:
        return _BASE.format(rules=_RULES + "\n" + self._slow())

    def _slow(self) -> str:
        return _SLOW.format(rate=10)

    def _has(self, network: Network) -> bool:
        where = ["nft", "get", "element", "inet", "yaodun", self._set(network), f"{{ {_shown(network)} }}"]
        return self._host.run(where).ok

    def _set(self, network: Network) -> str:
        return f"{self.prefix}{network.version}"

    def _nft(self, script: str) -> Outcome:
        return self._host.run(["nft", "-f", "-"], text=script).outcome()

    def _read(self, words: Words) -> tuple[Network, int]:
        if not 1 <= len(words) <= 2:
            raise usage(self)
        try:
            network = ipaddress.ip_network(words[0], strict=False)
            minutes = int(words[1]) if len(words) > 1 else 60
        except ValueError:
            raise usage(self, words[0]) from None
        if not 1 <= minutes <= MAX_MINUTES or network.prefixlen < 8:
            raise usage(self, " ".join(words))
        return network, minutes


class BlockAddress(_Set):
    """``block-address ADDRESS [MINUTES]``."""

    name = "block-address"
    kind = "block-address"
    usage = "block-address ADDRESS|NETWORK [MINUTES]"


class SlowAddress(_Set):
    """``slow-address ADDRESS [MINUTES]``: at most 10 packets a second."""

    name = "slow-address"
    kind = "slow-address"
    usage = "slow-address ADDRESS|NETWORK [MINUTES]"
    prefix = "slowed"


class IsolateHost:
    """``isolate-host KEEP [KEEP ...]``: nothing in or out but loopback and the kept addresses (our own channel)."""

    name = "isolate-host"
    usage = "isolate-host KEPT-ADDRESS [KEPT-ADDRESS ...]"

    def __init__(self, host: Host | None = None) -> None:
        self._host = host or Host()

    def effects(self, words: Words) -> tuple[Effect, ...]:
        """The host as a whole."""
        kept = self._read(words)
        return (Effect("isolate-host", "all but " + ", ".join(map(_shown, kept)), reversible=True),)

    def act(self, words: Words, key: str) -> Outcome:
        """A table of its own with policy drop; connections to kept addresses go on."""
        lines = [
            "add table inet yaodun_isolation",
            "delete table inet yaodun_isolation",
            "add table inet yaodun_isolation",
        ]
        for chain, hook, side in (
            ("incoming", "input", "saddr"),
            ("outgoing", "output", "daddr"),
            ("passing", "forward", ""),
        ):
            lines.append(
                f"add chain inet yaodun_isolation {chain} {{ type filter hook {hook} priority -160; policy drop; }}"
            )
            lines.append(f"add rule inet yaodun_isolation {chain} {'iif' if hook != 'output' else 'oif'} lo accept")
            for network in self._read(words) if side else ():
                family = "ip" if network.version == 4 else "ip6"
                lines.append(f"add rule inet yaodun_isolation {chain} {family} {side} {_shown(network)} accept")
        return self._host.run(["nft", "-f", "-"], text="\n".join(lines) + "\n").outcome()

    def probe(self, words: Words, key: str) -> Seen:
        """Is the table there?"""
        return Seen.DONE if self._isolated() else Seen.ABSENT

    def undo(self, words: Words, before: Before) -> Outcome:
        """Take the table away."""
        if not self._isolated():
            return DONE
        return self._host.run(["nft", "delete", "table", "inet", "yaodun_isolation"]).outcome()

    def _isolated(self) -> bool:
        return self._host.run(["nft", "list", "table", "inet", "yaodun_isolation"]).ok

    def _read(self, words: Words) -> list[Network]:
        try:
            found = [ipaddress.ip_network(word, strict=False) for word in words]
        except ValueError:
            raise usage(self, " ".join(words)) from None
        if not found:
            raise usage(self)
        return found


def _there(host: Host) -> Ended:
    return host.run(["nft", "list", "tables", "inet"])


def _shown(network: Network) -> str:
    single = network.prefixlen == network.max_prefixlen
    return str(network.network_address) if single else str(network)


def firewall(host: Host) -> Mapping[str, Any]:
    """The actions of this file by name."""
    made: list[Action] = [BlockAddress(host), SlowAddress(host), IsolateHost(host)]
    return {action.name: action for action in made}
