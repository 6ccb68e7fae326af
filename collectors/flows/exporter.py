"""One exporter as the receiver sees it: which templates it uses, which packets wait for theirs, what is missing."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from collectors.flows.bundle import Bundle
from collectors.flows.decoder import Facts, FlowDecoder, Row, from_row, to_row
from collectors.flows.packet import V5, V9, DataSet, Header, Learnt, header_of, parts_of
from collectors.flows.sequence import Sequences
from collectors.flows.sflow import count_samples, is_sflow, sflow_header
from collectors.flows.template import TemplateKey

MAX_HELD = 64
"""Packets that may wait for their template."""
HOLD_S = 300.0


class Exporter:
    """``take`` packets, ``harvest`` bundles of them. Packets without a template wait, bounded in number and time.

    Within a bundle a template has one meaning: one that changes begins a new bundle.
    """

    def __init__(self, rows: Sequence[Row] = ()) -> None:
        self._decoder = FlowDecoder(dict(from_row(row) for row in rows))
        self._bundle = Bundle([], [])
        self._full: list[Bundle] = []
        self._in_bundle: set[TemplateKey] = set()
        self._held: deque[tuple[float, bytes]] = deque()
        self.sequences = Sequences()
        self.changed = False

    def take(self, data: bytes, now_s: float) -> int:
        """Keeps one packet; returns how many that waited are given up. ``FlowPacketError`` on what is no packet."""
        if is_sflow(data):
            header, agent, _ = sflow_header(data)
            self._keep(data, count_samples(data))
            self.sequences.note((agent, header.domain), header.sequence, 1)
            return 0
        header = header_of(data)
        learnt = self._learn(data, header)
        self._place(data, header, now_s)
        if learnt:
            waiting, self._held = self._held, deque()
            for since, held in waiting:
                self._place(held, header_of(held), since, again=True)
        return self._expire(now_s)

    def harvest(self) -> list[Bundle]:
        """What was kept since the last call."""
        self._close()
        full, self._full = self._full, []
        return full

    def give_up(self) -> int:
        """Packets that still wait when the receiver ends."""
        waiting = len(self._held)
        self._held.clear()
        return waiting

    def rows(self) -> list[Row]:
        """Its templates, to be kept across a restart."""
        return [to_row(key, template) for key, template in self._decoder.templates.items() if key.version != V5]

    def _learn(self, data: bytes, header: Header) -> bool:
        """Takes over the templates of a packet; True where one is new."""
        new = False
        for part in parts_of(data, header):
            if not isinstance(part, Learnt):
                continue
            before = self._decoder.templates.get(part.key)
            if before and part.template and before.same(part.template):
                continue
            if before:
                self._close()
            self._decoder.learn(part)
            self.changed = True
            new |= part.template is not None
        return new

    def _place(self, data: bytes, header: Header, now_s: float, *, again: bool = False) -> None:
        records, needed, missing, options = 0, [], False, False
        for part in parts_of(data, header):
            if isinstance(part, DataSet):
                template = self._decoder.templates.get(part.key)
                missing |= template is None
                if template:
                    needed.append(part.key)
                    records += template.count(part.data)
                    options |= template.scope > 0
        if not again:
            self._number(header, records, known=not missing)
        if missing:
            self._held.append((now_s, data))
            return
        self._include(needed)
        self._keep(data, records)
        if options:
            for _ in self._decoder.decode(data):
                pass

    def _include(self, needed: Sequence[TemplateKey]) -> None:
        for key in needed:
            if key not in self._in_bundle and key.version != V5:
                self._in_bundle.add(key)
                self._bundle.templates.append(to_row(key, self._decoder.templates[key]))

    def _keep(self, data: bytes, records: int) -> None:
        if records:
            self._bundle.packets.append(data)
            self._bundle.counts.append(records)

    def _number(self, header: Header, records: int, *, known: bool) -> None:
        key = (header.version, header.domain)
        if header.version == V9:
            self.sequences.note(key, header.sequence, 1)
        elif known:
            self.sequences.note(key, header.sequence, records)
        else:
            self.sequences.forget(key)

    def _expire(self, now_s: float) -> int:
        given_up = 0
        while self._held and (len(self._held) > MAX_HELD or now_s - self._held[0][0] > HOLD_S):
            self._held.popleft()
            given_up += 1
        return given_up

    def _close(self) -> None:
        if self._bundle.packets:
            self._full.append(self._bundle)
        facts = {domain: Facts(each.sampling, each.boot_ms) for domain, each in self._decoder.facts.items()}
        self._bundle = Bundle([], [], [], facts)
        self._in_bundle = set()
