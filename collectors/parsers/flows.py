"""Flow records out of the bundles that the flow receiver spools."""

from __future__ import annotations

from collections.abc import Iterator

from collectors.flows.bundle import decode_bundle
from collectors.flows.decoder import Facts, FlowDecoder, from_row
from collectors.flows.documents import flow_document, options_document
from collectors.flows.sflow import Sample, is_sflow, samples_of, sflow_header
from collectors.parsers.records import Context, parsed, refused
from collectors.parsers.seams import Parsed, Refused
from infra.events.stream import Event, Stream


def split_flows(context: Context) -> list[Parsed | Refused]:
    """The records of a bundle; a packet that cannot be read is refused whole, its neighbours are not."""
    bundle = decode_bundle(context.frame.body)
    decoder = FlowDecoder(dict(from_row(row) for row in bundle.templates), bundle.facts)
    inherited: Event = {**context.inherited, "observer.type": "flow-exporter", "yaodun.parser": "flows"}
    if peer := context.frame.peer:
        inherited["observer.ip"] = [peer]
    answer: list[Parsed | Refused] = []
    for data, count in zip(bundle.packets, bundle.counts, strict=True):
        try:
            found = list(_packet(decoder, data))
        except (ValueError, LookupError) as error:
            detail = "the exporter's packet cannot be read; check its template settings, the bytes are kept"
            answer.append(refused(str(error) or "template_missing", "", detail, data, count))
            continue
        answer += [parsed({**inherited, **document}, stream) for stream, document in found]
    return answer


def _packet(decoder: FlowDecoder, data: bytes) -> Iterator[tuple[Stream, Event]]:
    if is_sflow(data):
        header, agent, _ = sflow_header(data)
        for sample in samples_of(data):
            yield _sample(sample, flow_document(sample.record, header, Facts(), "sflow"), agent)
        return
    for decoded in decoder.decode(data):
        for record in decoded.records:
            if decoded.template.scope:
                yield Stream.LOGS, options_document(decoded, record)
            else:
                yield Stream.FLOWS, flow_document(record, decoded.header, decoded.facts)


def _sample(sample: Sample, event: Event, agent: str) -> tuple[Stream, Event]:
    if not sample.counters:
        return Stream.FLOWS, {**event, "observer.ip": [agent]}
    record = sample.record
    document: Event = {
        "event.kind": "metric", "event.module": "flows", "event.dataset": "sflow", "observer.ip": [agent],
        "host.name": agent, "yaodun.metric.name": "interface.counters",
        "yaodun.metric.value": float(record["ifInOctets"] + record["ifOutOctets"]), "yaodun.metric.unit": "bytes",
        "yaodun.metric.instance": str(record["ifIndex"]), "yaodun.metric.labels": record,
    }  # fmt: skip
    return Stream.METRICS, document
