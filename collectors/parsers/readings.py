"""Readings of sensing devices out of the payloads that pollers and doors spool."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from collectors.parsers.records import Context, parsed, refused
from collectors.parsers.seams import Parsed, Refused
from collectors.sensing.decoder import Decoders, DecoderSpec
from collectors.sensing.device import Device
from collectors.sensing.payload import PayloadError, Said, genuine, read_payload
from collectors.sensing.readings import Arrival, unpack_arrivals
from infra.events.stream import Event, Stream

Answer = list[Parsed | Refused]
GOOD, RETAINED, FORGED, UNSIGNED, CONFLICT = "good", "retained", "forged", "unsigned", "identity_conflict"
_DETAIL = {
    "no_decoder": "no decoder reads this topic; add one to the folder decoders of the site",
    "no_values": "the decoder of this topic finds no values in the payload; compare it with the device's manual",
    "device_revoked": "the device is cut off; admit it again on the page of devices if that was a mistake",
}


class ReadingsSplitter:
    """``split`` of frames of kind ``readings``. ``keys`` and ``devices`` give what the register says now."""

    def __init__(
        self, decoders: Decoders, keys: Callable[[], Mapping[str, bytes]],
        devices: Callable[[], Mapping[str, Device]] = dict,
    ) -> None:  # fmt: skip
        self._decoders, self._keys, self._devices = decoders, keys, devices

    def split(self, context: Context) -> Answer:
        """One reading per value; a payload nobody can read is refused with its octets."""
        answer: Answer = []
        for arrival in unpack_arrivals(context.frame.body):
            try:
                answer += self._read(context, arrival)
            except PayloadError as error:
                answer.append(_refused(str(error), arrival.payload))
        return answer

    def _read(self, context: Context, arrival: Arrival) -> Answer:
        topic = arrival.topic.decode("utf-8", "replace")
        spec = self._decoders.for_topic(topic)
        if spec is None:
            raise PayloadError("no_decoder")
        said = read_payload(spec, topic, arrival.payload)
        heard = [each for each in said if not self._cut_off(each.device)]
        if said and not heard:
            raise PayloadError("device_revoked")
        documents = [document for each in heard for document in self._documents(context, arrival, spec, each)]
        if not documents:
            raise PayloadError("no_values")
        documents[0]["event.original"] = arrival.payload.decode("utf-8", "replace")
        if documents[0]["event.original"].encode() != arrival.payload:
            documents[0]["yaodun.raw.bytes"] = arrival.payload
        return [parsed(each, Stream.METRICS, records=0 if number else 1) for number, each in enumerate(documents)]

    def _cut_off(self, name: str) -> bool:
        device = self._devices().get(name)
        return device is not None and device.revoked

    def _documents(self, context: Context, arrival: Arrival, spec: DecoderSpec, said: Said) -> list[Event]:
        common: Event = {
            **context.inherited, "host.name": None, "observer.name": context.frame.meta.get("host"),
            "@timestamp": (said.time_ns or arrival.received_ns) // 1_000_000,
            "event.created": arrival.received_ns // 1_000_000, "event.kind": "metric", "event.module": "sensing",
            "event.dataset": f"sensing.{spec.name}", "yaodun.parser": f"readings/{spec.name}",
            "yaodun.sensor.id": said.device, "yaodun.sensor.quality": self._quality(arrival, spec, said),
            "yaodun.sensor.via": said.gateway or context.frame.source,
        }  # fmt: skip
        if device := self._devices().get(said.device):
            common |= _of_register(device)
        if said.sequence >= 0:
            common["yaodun.sensor.sequence"] = said.sequence
        if said.place:
            common["yaodun.sensor.place"] = said.place
        return [{**common, **_value(said.device, *value)} for value in said.values]

    def _quality(self, arrival: Arrival, spec: DecoderSpec, said: Said) -> str:
        if (key := self._keys().get(said.device)) is not None:
            if said.mac is None:
                return UNSIGNED
            if not genuine(said, key, spec.mac_hash):
                return FORGED
        if said.claimed and said.claimed != said.device:
            return CONFLICT
        return RETAINED if arrival.retained else GOOD


def _of_register(device: Device) -> Event:
    """What the register knows of the device and the reading does not say."""
    known = {
        "yaodun.system": device.system, "yaodun.unit": device.unit, "yaodun.zone": device.zone,
        "yaodun.sensor.place": device.place,
    }  # fmt: skip
    return {name: value for name, value in known.items() if value}


def _value(device: str, kind: str, value: float, unit: str) -> Event:
    return {
        "yaodun.sensor.kind": kind, "yaodun.sensor.value": value, "yaodun.sensor.unit": unit,
        "yaodun.metric.name": f"sensor.{kind}", "yaodun.metric.value": value, "yaodun.metric.unit": unit,
        "yaodun.metric.instance": device,
    }  # fmt: skip


def _refused(reason: str, payload: bytes) -> Refused:
    return refused(reason, "", _DETAIL.get(reason, "the payload is not what its decoder expects"), payload)
