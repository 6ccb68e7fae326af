"""What conversations say of themselves: names asked and answered, TLS greetings, HTTP heads, ARP claims, clear-text
log-ins. Looks at the first packets with content only; names are looked at always.
"""

from __future__ import annotations

import re
from typing import Any

from collectors.capture import dns, http, tls
from collectors.capture.flow import Flow, Side, community_id, moment, text_address

DNS_PORTS = (53, 5353)
MOST_ASKED = 1000
_LOGINS = re.compile(rb"(?:USER|PASS|AUTH (?:PLAIN|LOGIN)|a\d* LOGIN) ?", re.IGNORECASE)
CLEAR_LOGINS = {21: "ftp", 23: "telnet", 25: "smtp", 110: "pop3", 143: "imap", 587: "smtp"}
_SSH = re.compile(rb"SSH-[12]\.[0-9.]+-[^\r\n]{1,200}")


class Looker:
    """Collects documents in ``found``; the meter hands them on."""

    def __init__(self) -> None:
        self.found: list[dict[str, Any]] = []

    def look(self, side: Side, time_ns: int, content: bytes) -> None:
        """One packet's content, sent by ``side``."""
        flow = side.flow
        if flow.port_b in DNS_PORTS or flow.port_a in DNS_PORTS:
            self._name(flow, time_ns, content if flow.protocol == 17 else content[2:])
            return
        side.looking -= 1
        if flow.protocol == 6:
            self._stream(side, time_ns, content)

    def _name(self, flow: Flow, time_ns: int, content: bytes) -> None:
        told = dns.message(content)
        if told is None:
            return
        flow.seen_as = "dns"
        if told["dns.type"] == "query":
            if len(flow.asked) < MOST_ASKED:
                flow.asked[told["dns.id"]] = (time_ns, told)
            return
        flow.asked.pop(told["dns.id"], None)
        self._tell(flow, time_ns, "dns", told)

    def over(self, flow: Flow) -> None:
        """A conversation ended: tell the names nobody answered."""
        for time_ns, told in flow.asked.values():
            self._tell(flow, time_ns, "dns", told)

    def _stream(self, side: Side, time_ns: int, content: bytes) -> None:
        flow, first = side.flow, content[0]
        if first == 22:
            self._greeting(flow, content)
        elif (told := http.request(content)) is not None:
            flow.seen_as = "http"
            side.looking += 1
            self._tell(flow, time_ns, "http", told)
        elif (answer := http.status(content)) is not None:
            flow.inspected.setdefault("http.response.status_code", answer["http.response.status_code"])
        elif _SSH.match(content):
            flow.seen_as = "ssh"
        elif side is flow.a and flow.port_b in CLEAR_LOGINS and _LOGINS.match(content):
            flow.seen_as = CLEAR_LOGINS[flow.port_b]
            flow.inspected["yaodun.flow.credential"] = f"{flow.seen_as}-clear"

    def _greeting(self, flow: Flow, content: bytes) -> None:
        told = tls.client_hello(content) or tls.server_hello(content)
        if told is not None:
            flow.seen_as = "tls"
            flow.inspected |= told

    def arp(self, time_ns: int, data: bytes, at: int) -> None:
        """An ARP claim (RFC 826): who says that it has which address."""
        if len(data) < at + 28 or data[at : at + 6] != b"\x00\x01\x08\x00\x06\x04":
            return
        operation = int.from_bytes(data[at + 6 : at + 8])
        mac, address, target = data[at + 8 : at + 14], data[at + 14 : at + 18], data[at + 24 : at + 28]
        if address == b"\0\0\0\0":
            return
        self.found.append(
            {
                "@timestamp": moment(time_ns), "event.kind": "event", "event.category": ["network"],
                "event.type": ["info"], "event.module": "flows", "event.dataset": "yaodun.arp",
                "event.action": "arp-reply" if operation == 2 else "arp-request",
                "source.ip": text_address(address), "source.mac": "-".join(f"{byte:02X}" for byte in mac),
                "destination.ip": text_address(target), "network.protocol": "arp", "yaodun.stream": "flows",
            }
        )  # fmt: skip

    def _tell(self, flow: Flow, time_ns: int, protocol: str, told: dict[str, Any]) -> None:
        self.found.append(
            {
                "@timestamp": moment(time_ns), "event.kind": "event", "event.category": ["network"],
                "event.type": ["protocol"], "event.module": "flows",
                "event.dataset": f"yaodun.{protocol}", "event.action": protocol,
                "source.ip": text_address(flow.source), "source.port": flow.port_a,
                "destination.ip": text_address(flow.destination), "destination.port": flow.port_b,
                "network.transport": "udp" if flow.protocol == 17 else "tcp", "network.protocol": protocol,
                "network.community_id": community_id(flow), "yaodun.stream": "flows", **told,
            }
        )  # fmt: skip
