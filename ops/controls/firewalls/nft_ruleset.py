"""``nft -j list ruleset`` (libnftables-json(5)) as chains."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import msgspec

from ops.controls.firewalls.ruleset import MOST_RULES, Chain, Match, Rule, Spans, Verdict, joined, network, span

DEEPEST = 8
VERDICTS = {"accept": Verdict.ACCEPT, "drop": Verdict.DENY, "reject": Verdict.DENY}
_ADDRESS = {"saddr": "source", "daddr": "target", "protocol": "protocols", "nexthdr": "protocols"}
_PORT = {"sport": "source_ports", "dport": "ports"}
_META = {"iifname": "came_in", "iif": "came_in", "oifname": "goes_out", "oif": "goes_out", "l4proto": "protocols"}
_TRANSPORT = ("tcp", "udp", "sctp", "dccp", "udplite")
_Key = tuple[str, str, str]


def read_nft(text: str | bytes) -> list[Chain]:
    """The chains at hooks of type filter; ``ValueError`` with the place where it is no such list."""
    try:
        items = msgspec.json.decode(text)["nftables"]
        things = [(kind, body) for item in items for kind, body in item.items()]
        return list(_Table(things).chains())
    except (msgspec.MsgspecError, KeyError, TypeError, AttributeError, StopIteration) as error:
        raise ValueError(f"nft -j list ruleset: {error}") from None


class _Table:
    def __init__(self, things: list[tuple[str, Any]]) -> None:
        self._sets = {_key(body): body.get("elem", []) for kind, body in things if kind in ("set", "map")}
        self._chains = {_key(body): body for kind, body in things if kind == "chain"}
        self._rules: dict[_Key, list[dict[str, Any]]] = {}
        for kind, body in things:
            if kind == "rule":
                self._rules.setdefault(_key(body, "chain"), []).append(body)
        self._left = MOST_RULES

    def chains(self) -> Iterator[Chain]:
        for key, body in self._chains.items():
            if body.get("type") == "filter" and body.get("hook"):
                policy = Verdict.DENY if body.get("policy") == "drop" else Verdict.ACCEPT
                yield Chain("/".join(key), str(body["hook"]), policy, list(self._opened(key, Match(), 0)))

    def _opened(self, key: _Key, outer: Match, depth: int) -> Iterator[Rule]:
        """The rules of a chain with those of the chains it jumps to. Behind a ``return`` the rest holds for fewer."""
        for number, body in enumerate(self._rules.get(key, []), 1):
            if self._left <= 0:
                return
            self._left -= 1
            place = f"{'/'.join(key)} #{body.get('handle', number)} {body.get('comment', '')}".strip()
            outcomes, packets = self._told(key, body.get("expr", []))
            for match, verdict, jump in outcomes:
                whole = outer.joined(match)
                if jump and depth < DEEPEST:
                    yield from self._opened((key[0], key[1], jump), whole, depth + 1)
                elif verdict != "return":
                    yield Rule(whole, VERDICTS.get(verdict, Verdict.OTHER), place, packets)
                if verdict in ("return", "goto"):
                    outer = replace(outer, rest=outer.rest | {f"past {key[2]}:{number}"})

    def _told(self, key: _Key, statements: list[Any]) -> tuple[list[tuple[Match, str, str]], int | None]:
        """What a rule does: one outcome, or one for each entry of its verdict map; and its counter."""
        match, packets = Match(), None
        ends: list[tuple[Match, str, str]] = []
        for statement in statements:
            kind, body = _statement(statement)
            if kind == "match":
                match = self._narrowed(key, match, body)
            elif kind == "vmap":
                ends += list(self._mapped(key, match, body))
            elif kind in ("accept", "drop", "reject", "return", "jump", "goto"):
                ends.append((match, kind, str((body or {}).get("target", ""))))
            elif kind == "counter" and isinstance(body, dict):
                packets = int(body.get("packets", 0))
            elif kind in ("limit", "quota", "ct count", "fib"):
                match = replace(match, rest=match.rest | {_text(statement)})
        return ends or [(match, "", "")], packets

    def _mapped(self, key: _Key, match: Match, body: dict[str, Any]) -> Iterator[tuple[Match, str, str]]:
        data = body.get("data")
        pairs = self._sets.get((key[0], key[1], data[1:]), []) if isinstance(data, str) else (data or {}).get("set", [])
        for value, end in pairs:
            kind, target = next(iter(end.items()))
            condition = {"op": "==", "left": body.get("key"), "right": value}
            yield self._narrowed(key, match, condition), kind, str((target or {}).get("target", ""))

    def _narrowed(self, key: _Key, match: Match, body: dict[str, Any]) -> Match:
        """With one condition more; one we cannot read counts as text, so that it is never taken for none."""
        place, value = _place(body.get("left")), body.get("right")
        try:
            if body.get("op") not in ("==", "in") or place is None or getattr(match, place) is not None:
                raise ValueError
            found: Spans | frozenset[str]
            flat = list(self._flat(key, value))
            if place in ("source", "target"):
                found = joined(_address(each) for each in flat)
            elif place in ("source_ports", "ports"):
                found = joined(_ports(each) for each in flat)
            else:
                found = frozenset(_word(each) for each in flat)
            if not flat:
                raise ValueError
        except (ValueError, TypeError, KeyError):
            return replace(match, rest=match.rest | {_text(body)})
        told: dict[str, Any] = {place: found}
        if place in ("source_ports", "ports") and match.protocols is None:
            told["protocols"] = frozenset({str(body["left"]["payload"]["protocol"])} - {"th"}) or None
        return match.narrowed(**told)

    def _flat(self, key: _Key, value: Any) -> Iterator[Any]:
        if isinstance(value, str) and value.startswith("@"):
            for each in self._sets[key[0], key[1], value[1:]]:
                yield from self._flat(key, each)
        elif isinstance(value, list):
            for each in value:
                yield from self._flat(key, each)
        elif isinstance(value, dict) and "set" in value:
            yield from self._flat(key, value["set"])
        elif isinstance(value, dict) and "elem" in value:
            yield from self._flat(key, value["elem"]["val"])
        else:
            yield value


def _statement(told: Any) -> tuple[str, Any]:
    return next(iter(told.items())) if isinstance(told, dict) and told else ("", None)


def _key(body: dict[str, Any], name: str = "name") -> _Key:
    return str(body.get("family", "")), str(body.get("table", "")), str(body.get(name, ""))


def _place(left: Any) -> str | None:
    if not isinstance(left, dict):
        return None
    payload, meta, ct = left.get("payload", {}), left.get("meta", {}), left.get("ct", {})
    if payload.get("protocol") in ("ip", "ip6"):
        return _ADDRESS.get(payload.get("field", ""))
    if payload.get("protocol") in (*_TRANSPORT, "th"):
        return _PORT.get(payload.get("field", ""))
    return "states" if ct.get("key") == "state" else _META.get(meta.get("key", ""))


def _address(value: Any) -> tuple[int, int]:
    if isinstance(value, dict) and "prefix" in value:
        return network(f"{value['prefix']['addr']}/{value['prefix']['len']}")
    if isinstance(value, dict):
        low, high = value["range"]
        return network(f"{low}-{high}")
    return network(str(value))


def _ports(value: Any) -> tuple[int, int]:
    if isinstance(value, dict):
        low, high = value["range"]
        return span(int(low), int(high))
    return span(int(value), int(value))


def _word(value: Any) -> str:
    if not isinstance(value, str | int):
        raise TypeError
    return str(value)


def _text(body: Any) -> str:
    return msgspec.json.encode(body, order="deterministic").decode()[:500]
