"""What a site really knows: its register, earlier filings, gradings, records, flows and metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from infra.clock import Clock, parse_rfc3339
from infra.events.stream import Stream
from infra.register import AddressKind, Asset, System, Unit
from infra.store.query.tree import And, Composite, DateHistogram, Filter, Query, Stats, Term, TermsCount, Window
from infra.store.seams import EventStore
from ops.controls.board import Profile
from ops.filing.document import FilingDocument
from ops.filing.facts import Exposed, FlowPeer, SizePoint, Stated
from ops.filing.observed import Observed
from ops.filing.service import Filing
from ops.recordfiling.application import Application
from ops.recordfiling.service import SystemRecord

FLOW_WINDOW = timedelta(days=30)
SIZE_WINDOW = timedelta(days=400)
SIZE_METRIC = "db.size"
MOST = 1_000
UNCHANGING = ("filled_date", "filled_by", "grading_date")


class Nouns(Protocol):
    """Units and systems (``infra.register.Register``)."""

    def units(self) -> Sequence[Unit]: ...

    def systems(self) -> Sequence[System]: ...

    def assets(self, system: str = "") -> Sequence[Asset]: ...


class FilingBook(Protocol):
    """Filings (``ops.filing.service.Filings``)."""

    def find(self, unit: str = "") -> Sequence[Filing]: ...


class ProfileBook(Protocol):
    """Evaluated objects (``ops.controls.service.Controls``)."""

    def profiles(self, unit: str = "") -> Sequence[Profile]: ...


class RecordBook(Protocol):
    """Records of systems (``ops.recordfiling.service.SystemRecords``)."""

    def find(self, unit: str = "") -> Sequence[SystemRecord]: ...


class SiteKnown:
    """Implements ``ops.filing.facts.Known``. An object's key is its system's id; a category's ``system/category``."""

    def __init__(
        self,
        nouns: Nouns,
        filings: FilingBook,
        profiles: ProfileBook,
        records: RecordBook,
        store: EventStore,
        clock: Clock,
    ) -> None:
        self._nouns = nouns
        self._filings = filings
        self._profiles = profiles
        self._records = records
        self._store = store
        self._clock = clock
        self._observed = Observed(store)

    def unit(self, unit: str) -> Stated | None:
        """Table 1 from the unit's newest filing; name and region from the register."""
        now = self._clock.now()
        values = self._earlier("T1", "", unit)
        found = next((each for each in self._nouns.units() if each.id == unit), None)
        if found:
            values |= {"T1.unit_name": found.name_zh}
        return Stated(values, now, f"/register/units/{unit}") if values else None

    def object(self, key: str) -> Stated | None:
        """Tables 2 to 5: earlier filings, then what register, grading and record say today."""
        now = self._clock.now()
        values: dict[str, Any] = {}
        for table in ("T2", "T4", "T5"):
            values |= self._earlier(table, key)
        values |= self._of_system(key) | self._of_profile(key) | self._of_record(key)
        return Stated(values, now, f"/register/systems/{key}") if values else None

    def category(self, key: str) -> Stated | None:
        """Table 6 of the same category in an earlier filing."""
        values = self._earlier("T6", key)
        return Stated(values, self._clock.now(), f"/filing/categories/{key}") if values else None

    def seen_object(self, key: str) -> Sequence[tuple[str, Stated]]:
        """Table 2 as traffic and business events show it."""
        return self._observed.object(key, self._clock.now())

    def seen_category(self, key: str) -> Sequence[tuple[str, Stated]]:
        """Table 6 as business events and deployment show it; the department that answers for it by the register."""
        system = next((each for each in self._nouns.systems() if each.id == key.partition("/")[0]), None)
        unit = next((each for each in self._nouns.units() if system and each.id == system.unit), None)
        values = {"T6.data_dept": unit.name_zh} if unit else {}
        if unit and unit.contact:
            values["T6.data_person"] = unit.contact
        now = self._clock.now()
        stated = [("register", Stated(values, now, f"/register/units/{unit.id}"))] if unit else []
        return [*stated, *self._observed.category(key, now)]

    def levels(self, unit: str) -> tuple[Mapping[int, int], datetime] | None:
        """Objects per level among the unit's graded systems."""
        graded = [system.level for system in self._nouns.systems() if system.unit == unit and system.level]
        if not graded:
            return None
        return {level: graded.count(level) for level in range(1, 6)}, self._clock.now()

    def categories(self, key: str) -> Sequence[str]:
        """Categories of the object whose store reports its size, and those of earlier filings."""
        now = self._clock.now()
        query = _query(now, SIZE_WINDOW, (Stream.METRICS,), Term("yaodun.metric.name", SIZE_METRIC))
        counted = TermsCount("yaodun.metric.instance", MOST)
        seen = [str(bucket.key) for bucket in self._store.aggregate(query, {"i": counted})["i"].buckets]
        for filing in self._filings.find():
            seen += [sheet.key for sheet in filing.document.of_table("T6")]
        own = [name.partition("/")[2] for name in seen if name.startswith(f"{key}/")]
        return sorted(dict.fromkeys(name for name in own if name))

    def sizes(self, key: str) -> Sequence[SizePoint]:
        """Sizes of the category's store by day, from the metric ``db.size`` (instance: the category's key)."""
        now = self._clock.now()
        chosen = And((Term("yaodun.metric.name", SIZE_METRIC), Term("yaodun.metric.instance", key)))
        query = _query(now, SIZE_WINDOW, (Stream.METRICS,), chosen)
        daily = DateHistogram(86_400, inner={"size": Stats("yaodun.metric.value")})
        buckets = self._store.aggregate(query, {"days": daily})["days"].buckets
        sized = [(bucket.key, bucket.inner["size"].values.get("max")) for bucket in buckets if bucket.count]
        return [SizePoint(parse_rfc3339(str(day)), int(size)) for day, size in sized if size is not None]

    def peers(self, key: str) -> tuple[Sequence[FlowPeer], datetime] | None:
        """Other units' systems that exchange traffic with the object, by the units that own source and destination."""
        now = self._clock.now()
        owners = self._owners()
        into, out = self._bytes(key, "source.ip", owners, now), self._bytes(key, "destination.ip", owners, now)
        names = {unit.id: unit.name_zh for unit in self._nouns.units()}
        own = next((system.unit for system in self._nouns.systems() if system.id == key), "")
        found = [
            FlowPeer(names[unit], "own_unit" if unit == own else "same_sector", into.get(unit, 0), out.get(unit, 0))
            for unit in sorted({*out, *into} & set(names))
        ]
        return (found, now) if found else None

    def _owners(self) -> dict[str, tuple[str, str]]:
        """System and unit by address, of assets that hold it now."""
        return {
            address.value: (asset.system, asset.unit)
            for asset in self._nouns.assets()
            for address in asset.addresses
            if address.kind is AddressKind.IP and address.until is None
        }

    def exposed(self, key: str) -> tuple[Sequence[Exposed], datetime] | None:
        """Services of the object that answered connections from outside in the last month."""
        now = self._clock.now()
        chosen = And((Term("yaodun.system", key), Term("network.direction", "inbound")))
        query = _query(now, FLOW_WINDOW, (Stream.FLOWS, Stream.LOGS), chosen)
        fields = ("destination.ip", "destination.port", "network.protocol", "url.domain")
        buckets = self._store.aggregate(query, {"s": Composite(fields, MOST)})["s"].buckets
        found = [
            Exposed(str(b.key[0]), int(b.key[1]), str(b.key[2] or "tcp"), str(b.key[3] or ""))
            for b in buckets
            if b.key[0] and b.key[1]
        ]
        return (found, now) if found else None

    def _bytes(self, key: str, field: str, owners: Mapping[str, tuple[str, str]], now: datetime) -> dict[str, int]:
        """Bytes of the object's flows by the unit behind the address in ``field``, the object's own assets left out."""
        query = _query(now, FLOW_WINDOW, (Stream.FLOWS, Stream.LOGS), Term("yaodun.system", key))
        counted = TermsCount(field, MOST, inner={"bytes": Stats("network.bytes")})
        sums: dict[str, int] = {}
        for bucket in self._store.aggregate(query, {"a": counted})["a"].buckets:
            system, unit = owners.get(str(bucket.key), ("", ""))
            if unit and system != key:
                sums[unit] = sums.get(unit, 0) + int(bucket.inner["bytes"].values.get("sum") or 0)
        return sums

    def _earlier(self, table: str, key: str, unit: str = "") -> dict[str, Any]:
        """Values of the newest filing that holds this sheet, without what has to be stated anew."""
        for filing in self._filings.find(unit):
            values = _sheet_values(filing.document, table, key)
            if values:
                return values
        return {}

    def _of_system(self, key: str) -> dict[str, Any]:
        system = next((each for each in self._nouns.systems() if each.id == key), None)
        if system is None:
            return {}
        values: dict[str, Any] = {
            "T2.object_name": system.name_zh,
            "T2.object_types": ["system"],
            "T2.is_subsystem": False,
        }
        values["T2.running_status"] = "building" if system.state == "planned" else "running"
        if system.about:
            values["T2.business_description"] = system.about
        return values

    def _of_profile(self, key: str) -> dict[str, Any]:
        profile = next((each for each in self._profiles.profiles() if each.id == key), None)
        if profile is None:
            return {}
        kinds = [str(each) for each in profile.extensions if each != "general"]
        selection = profile.selection
        levels = {"T3.s_level": str(selection.s), "T3.a_level": str(selection.a), "T3.final_level": str(selection.g)}
        return levels | ({"T2.technologies": kinds} if kinds else {})

    def _of_record(self, key: str) -> dict[str, Any]:
        record = next((each for each in self._records.find() if each.system == key), None)
        return _of_application(record.application) if record else {}


def _of_application(application: Application) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if application.go_live:
        values["T2.go_live_date"] = application.go_live.isoformat()
    return values


def _sheet_values(document: FilingDocument, table: str, key: str) -> dict[str, Any]:
    sheet = next((each for each in document.sheets if each.table == table and each.key == key), None)
    entries = sheet.entries if sheet else {}
    return {f"{table}.{name}": entry.value for name, entry in entries.items() if name not in UNCHANGING}


def _query(now: datetime, span: timedelta, streams: tuple[str, ...], chosen: Filter) -> Query:
    return Query(streams=streams, window=Window(now - span, now + timedelta(seconds=1)), filter=chosen, limit=0)
