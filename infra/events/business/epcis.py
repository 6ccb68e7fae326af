"""EPCIS 2.0 JSON documents (GS1 EPCIS 2.0, section 7.4 and the JSON binding) as events of the trace chain.

Every EPCIS event becomes at least one business event: objects and transactions become bills by their business step,
aggregations and associations packing, transformations a bill of what went in and one of what came out, sensor reports
readings, error declarations corrections.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from infra.errors import AppError, ErrorKind
from infra.events.business.envelope import BusinessSystem
from infra.events.business.epc import Epc, last_part, read_epc
from infra.events.business.kinds import BusinessEvent
from infra.events.business.trace import Bill, Corrected, Correction, Pack, PackAction, Sensor
from infra.ids import stable_id

UNKNOWN = "unknown"
MAX_EVENTS = 100_000
_STEPS = {
    "commissioning": "101", "shipping": "201", "departing": "201", "loading": "201", "transporting": "217",
    "receiving": "102", "arriving": "102", "accepting": "102", "unloading": "102", "dispensing": "320",
    "retail_selling": "321", "consuming": "320", "destroying": "205", "decommissioning": "216", "disposing": "216",
    "void_shipping": "202", "returning": "202", "sampling": "206", "creating_class_instance": "101",
}  # fmt: skip
_ANY_IN, _ANY_OUT = "113", "217"
_KINDS = {"temperature": "temperature", "relativehumidity": "humidity", "absolutehumidity": "humidity"}


def epcis_events(document: Mapping[str, Any], received: datetime) -> list[BusinessEvent]:
    """The events of an EPCIS document, query document or bare event; ``AppError(INVALID)`` names the place."""
    found: list[BusinessEvent] = []
    for number, event in enumerate(_event_list(document)):
        place = f"eventList[{number}]"
        if number >= MAX_EVENTS:
            raise _invalid(place, f"more than {MAX_EVENTS} events in one document")
        if not isinstance(event, Mapping):
            raise _invalid(place, "not an object")
        found += _Reading(event, received, place).events()
    return found


def looks_like_epcis(tree: Any) -> bool:
    """Whether a JSON object is an EPCIS document or event."""
    return isinstance(tree, Mapping) and ("epcisBody" in tree or {"type", "eventTime"} <= tree.keys())


def _event_list(document: Mapping[str, Any]) -> list[Any]:
    if "eventTime" in document:
        return [document]
    body = document.get("epcisBody")
    if isinstance(body, Mapping):
        if isinstance(event := body.get("event"), Mapping):
            return [event]
        results = body.get("queryResults")
        inner = results.get("resultsBody") if isinstance(results, Mapping) else None
        events = inner.get("eventList") if isinstance(inner, Mapping) else body.get("eventList")
        if isinstance(events, list):
            return events
    raise _invalid("epcisBody", "no eventList")


def _invalid(place: str, problem: str) -> AppError:
    return AppError(ErrorKind.INVALID, "infra.epcis_malformed", place=place, problem=problem)


class _Reading:
    """One EPCIS event being read."""

    def __init__(self, event: Mapping[str, Any], received: datetime, place: str) -> None:
        self.event, self.place = event, place
        self.type = last_part(_text(event.get("type")))
        self.step = last_part(_text(event.get("bizStep")))
        self.time = self._moment("eventTime", None)
        self.recorded = self._moment("recordTime", received)
        own = event.get("eventID")
        self.id = own[:150] if isinstance(own, str) and own else f"epcis:{stable_id(repr(sorted(event.items())))}"
        where = _identity(event.get("bizLocation")) or _identity(event.get("readPoint"))
        self.giver, self.taker = self._party("sourceList", "source"), self._party("destinationList", "destination")
        self.where = where or self.giver or self.taker or UNKNOWN

    def events(self) -> Iterator[BusinessEvent]:
        """What the event says, in our words."""
        if isinstance(self.event.get("errorDeclaration"), Mapping):
            yield self._correction()
        if self.type in ("AggregationEvent", "AssociationEvent"):
            yield self._aggregation()
        elif self.type == "TransformationEvent":
            yield from self._bills("208", "input", "inputEPCList", "inputQuantityList")
            yield from self._bills("101", "output", "outputEPCList", "outputQuantityList")
        elif self.type in ("ObjectEvent", "TransactionEvent"):
            yield from self._bills(self._bill_type(), "", "epcList", "quantityList")
        else:
            raise _invalid(f"{self.place}.type", f"{self.type or 'nothing'!r} is no EPCIS event type")
        yield from self._sensors()

    def _bill_type(self) -> str:
        if self.event.get("action") == "ADD" and self.type == "ObjectEvent":
            return "101"
        if self.event.get("action") == "DELETE" and self.step not in _STEPS:
            return "216"
        return _STEPS.get(self.step) or (_ANY_IN if self.taker and not self.giver else _ANY_OUT)

    def _bills(self, kind: str, part: str, codes: str, amounts: str) -> Iterator[Bill]:
        epcs = [read_epc(code) for code in self._list(codes) if isinstance(code, str)]
        quantities = [item for item in self._list(amounts) if isinstance(item, Mapping)]
        if not epcs and not quantities and self.type != "TransformationEvent":
            parent = self.event.get("parentID")
            epcs = [read_epc(parent)] if isinstance(parent, str) else []
            yield self._bill(kind, part, 1, epcs, float(len(epcs)), epcs[0] if epcs else None)
            return
        line = 0
        for group in _grouped(epcs).values():
            line += 1
            yield self._bill(kind, part, line, group, float(len(group)), group[0])
        for item in quantities:
            line += 1
            amount = item.get("quantity")
            number = float(amount) if isinstance(amount, int | float) and not isinstance(amount, bool) else 0.0
            yield self._bill(kind, part, line, [], max(0.0, number), read_epc(_text(item.get("epcClass"))))

    def _bill(self, kind: str, part: str, line: int, epcs: list[Epc], quantity: float, first: Epc | None) -> Bill:
        inbound = kind[0] == "1"
        party = (self.taker if inbound else self.giver) or self.where
        return Bill(
            **self._common(f"{part}{line}" if part or line > 1 else ""), bill=self._document(), line=line,
            bill_type=kind, party=party, from_party=self.giver, to_party=self.taker, quantity=quantity,
            product=(first.product if first else "") or UNKNOWN, batch=(first.lot if first else "") or UNKNOWN,
            codes=tuple(epc.code for epc in epcs),
        )  # fmt: skip

    def _aggregation(self) -> Pack:
        children = [read_epc(code).code for code in self._list("childEPCs") if isinstance(code, str)]
        children += [_text(item.get("epcClass"))[:100] for item in self._list("childQuantityList") if item]
        parent = self.event.get("parentID")
        out = self.event.get("action") == "DELETE"
        return Pack(
            **self._common(""), action=PackAction.UNPACK if out else PackAction.PACK, party=self.where,
            parent=read_epc(parent).code if isinstance(parent, str) and parent else UNKNOWN, children=tuple(children),
        )  # fmt: skip

    def _correction(self) -> Correction:
        declaration = self.event["errorDeclaration"]
        wrong = Corrected(event=self.id, reason=last_part(_text(declaration.get("reason"))) or None)
        return Correction(**self._common("error"), wrong=(wrong,), party=self.where)

    def _sensors(self) -> Iterator[Sensor]:
        number = 0
        for element in self._list("sensorElementList"):
            meta = element.get("sensorMetadata", {}) if isinstance(element, Mapping) else {}
            for report in element.get("sensorReport", []) if isinstance(element, Mapping) else []:
                value = next((report[n] for n in ("value", "meanValue", "maxValue") if _is_number(report.get(n))), None)
                if value is not None:
                    number += 1
                    yield self._sensor(report, meta, float(value), number)

    def _sensor(self, report: Mapping[str, Any], meta: Mapping[str, Any], value: float, number: int) -> Sensor:
        kind = last_part(_text(report.get("type"))).removeprefix("MT-") or "other"
        device = report.get("deviceID") or meta.get("deviceID") or f"{self.where}/sensor"
        common = self._common(f"s{number}")
        moment = report.get("time") or meta.get("time")
        if isinstance(moment, str):
            common["time"] = _time(moment, f"{self.place}.sensorElementList")
        return Sensor(
            **common, sensor=str(device)[:160], value=value, quantity_kind=_KINDS.get(kind.lower(), kind)[:20],
            unit=_text(report.get("uom"))[:8] or "1", party=self.where,
        )  # fmt: skip

    def _common(self, part: str) -> dict[str, Any]:
        tz = self.event.get("eventTimeZoneOffset")
        return {
            "id": f"{self.id}#{part}" if part else self.id, "system": BusinessSystem.TRACE, "time": self.time,
            "recorded": self.recorded, "tz": tz[:6] if isinstance(tz, str) else "+08:00",
        }  # fmt: skip

    def _document(self) -> str:
        for item in self._list("bizTransactionList"):
            if isinstance(item, Mapping) and isinstance(number := item.get("bizTransaction"), str) and number:
                return number[:160]
        return self.id

    def _party(self, name: str, key: str) -> str | None:
        items = [item for item in self._list(name) if isinstance(item, Mapping)]
        for wanted in ("owning_party", "possessing_party", "location"):
            for item in items:
                if last_part(_text(item.get("type"))) == wanted and isinstance(value := item.get(key), str) and value:
                    return value[:160]
        return None

    def _list(self, name: str) -> list[Any]:
        value = self.event.get(name, [])
        if not isinstance(value, list):
            raise _invalid(f"{self.place}.{name}", "not a list")
        return value

    def _moment(self, name: str, default: datetime | None) -> datetime:
        value = self.event.get(name)
        if value is None and default is not None:
            return default
        return _time(value, f"{self.place}.{name}")


def _time(value: Any, place: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise _invalid(place, f"{str(value)[:40]!r} is not a time") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def _grouped(epcs: list[Epc]) -> dict[tuple[str, str], list[Epc]]:
    groups: dict[tuple[str, str], list[Epc]] = {}
    for epc in epcs:
        groups.setdefault((epc.product, epc.lot), []).append(epc)
    return groups


def _identity(value: Any) -> str | None:
    found = value.get("id") if isinstance(value, Mapping) else value
    return found[:160] if isinstance(found, str) and found else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
