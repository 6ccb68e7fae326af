"""Export packets to records: templates, and what options tell about a domain (sampling, start of its clock)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from collectors.flows.packet import TEMPLATE5, V5, V9, DataSet, Header, Learnt, header_of, parts_of
from collectors.flows.template import FieldSpec, Record, Template, TemplateKey

MAX_TEMPLATES = 4_096
KEY5 = TemplateKey(V5, 0, 0)
Row = tuple[int, int, int, int, list[tuple[int, int, int]]]
"""A template as plain values: version, domain, number, scope, fields."""


class Facts(msgspec.Struct):
    """What the options of a domain told: one packet in ``sampling`` was looked at (0: not said), epoch of its boot."""

    sampling: int = 0
    boot_ms: int = 0


class Decoded(msgspec.Struct, frozen=True):
    """The records of one data set with what is needed to understand them."""

    header: Header
    template: Template
    records: list[Record]
    facts: Facts


class TemplateMissingError(LookupError):
    """A data set came before its template."""


class FlowDecoder:
    """State of one exporter: templates per version and domain, at most ``MAX_TEMPLATES``; the oldest go first."""

    def __init__(
        self, templates: Mapping[TemplateKey, Template] | None = None, facts: Mapping[int, Facts] | None = None
    ) -> None:
        self.templates: dict[TemplateKey, Template] = {KEY5: TEMPLATE5, **(templates or {})}
        self.facts: dict[int, Facts] = dict(facts or {})

    def learn(self, part: Learnt) -> None:
        """Keep a template, or let it go."""
        self.templates.pop(part.key, None)
        if part.template is not None:
            if len(self.templates) > MAX_TEMPLATES:
                oldest = next(key for key in self.templates if key != KEY5)
                del self.templates[oldest]
            self.templates[part.key] = part.template

    def decode(self, data: bytes) -> Iterator[Decoded]:
        """Data sets in order, options among them. ``FlowPacketError``: no export packet. ``TemplateMissingError``."""
        header = header_of(data)
        for part in parts_of(data, header):
            if isinstance(part, Learnt):
                self.learn(part)
                continue
            yield self._read(header, part)

    def note(self, decoded: Decoded) -> None:
        """Take over what an options record says about its domain."""
        for record in decoded.records:
            facts = self.facts.setdefault(decoded.header.domain, Facts())
            facts.sampling = sampling_of(record) or facts.sampling
            facts.boot_ms = record.get("systemInitTimeMilliseconds", 0) or facts.boot_ms

    def _read(self, header: Header, part: DataSet) -> Decoded:
        template = self.templates.get(part.key)
        if template is None:
            raise TemplateMissingError
        decoded = Decoded(header, template, template.read(part.data), self.facts.get(header.domain) or Facts())
        if template.scope:
            self.note(decoded)
        return decoded


def sampling_of(record: Record) -> int:
    """One packet in how many, as an options record of any vendor says it; 0 where it says nothing."""
    for name in ("samplingInterval", "samplerRandomInterval"):
        if value := record.get(name):
            return int(value)
    if taken := record.get("samplingPacketInterval"):
        return round(float(taken + record.get("samplingPacketSpace", 0)) / float(taken))
    if (size := record.get("samplingSize")) and (population := record.get("samplingPopulation")):
        return round(float(population) / float(size))
    probability = record.get("samplingProbability")
    return round(1 / probability) if isinstance(probability, float) and 0 < probability <= 1 else 0


def to_row(key: TemplateKey, template: Template) -> Row:
    """A template as plain values, to be kept or sent along."""
    return (
        key.version,
        key.domain,
        key.number,
        template.scope,
        [(each.enterprise, each.number, each.length) for each in template.fields],
    )


def from_row(row: Row) -> tuple[TemplateKey, Template]:
    """The template of plain values."""
    version, domain, number, scope, fields = row
    return TemplateKey(version, domain, number), Template(
        [FieldSpec(*each) for each in fields], scope, scopes9=version == V9 and scope > 0
    )
