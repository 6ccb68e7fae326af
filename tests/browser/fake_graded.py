"""The rooms of graded protection for page tests: the real services over a database of their own, with an example."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from dashboards.rooms.graded import Graded
from infra.blobs import FolderBlobs
from infra.clock import Clock
from infra.records import open_records
from infra.records.migrate import migrate
from infra.register import Asset, System, Unit
from infra.web.seams import Actor
from ops.calendar.clocks import Clocks
from ops.calendar.dates import SiteDates
from ops.controls.facts import Fact, fact
from ops.controls.profiles import profile_of
from ops.controls.service import Controls
from ops.evaluation.crypto_register import CryptoRegister
from ops.evaluation.cryptography import CryptoUse, Layer
from ops.evaluation.materials import Materials
from ops.evaluation.plan import Evaluations
from ops.evaluation.rectification import Rectification, Risk
from ops.filing.beginning import begin
from ops.filing.document import FilingDocument, Origin
from ops.filing.form import shipped_form
from ops.filing.papers import Papers
from ops.filing.prefill import Offer
from ops.filing.service import Filings
from ops.grading.objects import Degree, GradedObject, Harmed, ObjectKind, Tick
from ops.grading.service import Gradings
from ops.portal.materials import KnownMaterials
from ops.portal.sheets.desk import graded_sheets
from ops.recordfiling.application import Application
from ops.recordfiling.service import SystemRecords
from ops.recordfiling.watch import SeenHost
from ops.rulepacks import shipped_packs
from tests.browser.fake_work import BrokenRoom
from tests.browser.late import Late
from tests.unit.ops.controls import sites
from tests.unit.ops.filing.forms import T1, T2, T4, T6
from trust.signer.seals import PACKAGE, Seals
from yaodun.trust.package_seal import PackageSeal

OWNER = Actor(id="u-other", name="值班员乙", roles=("owner",))
REVIEWER = Actor(id="u-forensic", name="取证员子", roles=("owner",))
SYSTEMS = (
    ("trace", "药品追溯监管系统", "regulator"),
    ("portal", "应用支撑平台", "regulator"),
    ("cloud", "药监云", "centre"),
    ("sharing", "数据共享平台", "centre"),
    ("mobile", "移动应用管理", "centre"),
)


class ShownNouns:
    """Two units, five systems, a few assets."""

    def units(self) -> Sequence[Unit]:
        return [Unit(id="regulator", name_zh="药品监督管理局"), Unit(id="centre", name_zh="信息中心")]

    def systems(self) -> Sequence[System]:
        return [System(id=key, name_zh=name, unit=unit) for key, name, unit in SYSTEMS]

    def assets(self, system: str = "") -> Sequence[Asset]:
        kinds = {"web1": "host", "db1": "database", "fw1": "firewall", "sw1": "switch", "room1": "room"}
        return [
            Asset(id=name, name=name, kind=kind, system=system or "trace", unit="regulator")
            for name, kind in kinds.items()
        ]


class ShownOffers:
    """Most of tables 2, 4 and 6."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def categories(self, key: str) -> Sequence[str]:
        return ["flow", "recall"]

    def offers(self, unit: str, document: FilingDocument) -> Sequence[Offer]:
        seen = self._clock.now() - timedelta(hours=7)
        found = []
        sources = ("register", "flows", "store_sizes")
        for table, values in (("T1", T1), ("T2", T2), ("T4", T4), ("T6", T6)):
            for sheet in document.of_table(table):
                found += [
                    Offer(table, sheet.key, name, value, Origin(sources[number % 3], seen, f"/register/{sheet.key}"))
                    for number, (name, value) in enumerate(values.items())
                    if not name.endswith("certificate") and number % 7 != 5
                ]
        return found


def own_seal(folder: Path) -> PackageSeal:
    """A seal by a key of the folder, without a signer's process."""
    seals = Seals(folder / "packages", PACKAGE)
    return PackageSeal(lambda operation, **digests: seals.seal(**digests), folder)


class SeenServing:
    """One name with a record, one without."""

    def hosts(self, now: datetime) -> Sequence[SeenHost]:
        return [SeenHost("trace.demo.example.cn", 900, now), SeenHost("old.demo.example.cn", 41, now)]


class GradedSite:
    """The services."""

    def __init__(self, clock: Clock, mode: str) -> None:
        folder = Path(tempfile.mkdtemp(prefix="graded-"))
        records = open_records(folder / "records.db")
        migrate(records.engine)
        self.clock, self.nouns = clock, ShownNouns()
        self.gradings, self.controls = Gradings(records, clock), Controls(records, clock)
        self.filings = Filings(records, clock, shipped_form(), ShownOffers(clock))
        self.findings, self.numbers = Rectification(records, clock), SystemRecords(records, clock)
        self.evaluations = Evaluations(records, clock, shipped_packs())
        dates = SiteDates(self.filings, self.gradings, self.evaluations, self.controls)
        self.clocks, self.crypto = Clocks(records, clock, [dates]), CryptoRegister(records, clock)
        self.blobs = FolderBlobs(folder / "blobs")
        from tests.browser.fake_rooms import AllowAll

        rooms = (self.numbers, self.findings, self.gradings, self.controls)
        self.sheets = graded_sheets(*rooms, clock, self.blobs, AllowAll())
        self.papers = Papers(shipped_form(), self.blobs, clock, own_seal(folder))
        known = KnownMaterials(
            self.gradings, self.filings, self.findings, self.papers, self.blobs, lambda name: self.nouns.assets(name)
        )
        pack = shipped_packs().versions("materials")[-1]
        self.materials = Materials(records, clock, self.blobs, pack, known)
        if mode == "full":
            tell(self)

    def rooms(self) -> Graded:
        """What the pages need."""
        return Graded(
            nouns=self.nouns, gradings=self.gradings, filings=self.filings, controls=self.controls,
            findings=self.findings, evaluations=self.evaluations, records=self.numbers, clocks=self.clocks,
            crypto=self.crypto, blobs=self.blobs, papers=self.papers, sheets=self.sheets, seen=SeenServing(),
            materials=self.materials,
        )  # fmt: skip


class NoNouns:
    """A register without a system."""

    def units(self) -> Sequence[Unit]:
        return []

    def systems(self) -> Sequence[System]:
        return []

    def assets(self, system: str = "") -> Sequence[Asset]:
        return []


def fake_graded(clock: Clock, mode: str) -> Graded:
    """Rooms in a mode."""
    if mode == "broken":
        broken: Any = BrokenRoom()
        names = ("nouns", "gradings", "filings", "controls", "findings", "evaluations", "records", "clocks", "crypto",
                 "blobs", "papers", "sheets", "seen",
                 "materials")  # fmt: skip
        return Graded(**dict.fromkeys(names, broken))
    rooms: Any = Late(lambda: _made(clock, mode))
    return cast(Graded, rooms)


def _made(clock: Clock, mode: str) -> Graded:
    made = GradedSite(clock, mode)
    if mode == "empty":
        made.nouns = NoNouns()  # type: ignore[assignment]
    return made.rooms()


TICKS: Mapping[str, tuple[Degree, Degree]] = {
    "trace": (Degree.SERIOUS, Degree.SERIOUS), "portal": (Degree.GENERAL, Degree.SERIOUS),
    "cloud": (Degree.SERIOUS, Degree.SERIOUS),
}  # fmt: skip


def tell(site: GradedSite) -> None:
    """Three graded systems, one filing under way, findings in every state, uses of cryptography."""
    application = Application(
        system="trace", name="药品追溯监管系统", unit="regulator", unit_code="100000", column=9,
        hosts=("trace.demo.example.cn",), conformance=dict.fromkeys(("sso", "users", "authentication", "audit"), True),
    )  # fmt: skip
    site.numbers.apply(OWNER, application)
    for name, (s, a) in TICKS.items():
        kind = ObjectKind.CLOUD_PLATFORM if name == "cloud" else ObjectKind.INFORMATION_SYSTEM
        title = next(each[1] for each in SYSTEMS if each[0] == name)
        thing = GradedObject(
            id=name, name=title, unit="regulator", kind=kind, s=(Tick(Harmed.SOCIETY, s),), a=(Tick(Harmed.SOCIETY, a),)
        )
        kept = site.gradings.keep(OWNER, thing)
        site.controls.declare(OWNER, profile_of(kept, site.nouns.assets(name)))
        site.controls.keep(name, _facts(site.clock.now(), name))
    site.gradings.review(REVIEWER, "trace", agree=True, note="同意")
    graded = site.gradings.latest("trace")
    assert graded is not None
    filing = begin(site.filings, OWNER, graded, site.clock.now().year)
    site.filings.decide(OWNER, filing.id, "T2", "trace", ["object_name", "running_status", "go_live_date"], [])
    site.filings.put(OWNER, filing.id, "T2", "trace", {"go_live_date": "2024-01-09"})
    site.clocks.answer(OWNER, "trace", "last_self_check", date(2025, 10, 8))
    _tell_findings(site)
    site.crypto.enter(OWNER, "trace", CryptoUse(
        id="app/sign", layer=Layer.APPLICATION, purpose="追溯单据签名", algorithms=("SM2", "SM3"), key="sign",
        source="entered",
    ))  # fmt: skip
    site.crypto.enter(OWNER, "portal", CryptoUse(
        id="net/gw", layer=Layer.NETWORK, purpose="SSL VPN", algorithms=("SM4", "SM2"), endpoint="203.0.113.7:443",
        module_certificate="GM001219920220", source="entered",
    ))  # fmt: skip


def _facts(now: datetime, name: str) -> list[Fact]:
    """Facts of the built site, a third broken or missing."""
    profile = sites.profile()
    found = []
    for number, each in enumerate(sites.all_facts(profile)):
        if number % 9 == 4:
            continue
        value = "non_compliant" if each.value == "compliant" and number % 11 == 3 else each.value
        value = ["10.6.3.9:23"] if value == [] and number % 13 == 5 and name == "trace" else value
        evidence = "/etc/login.defs:160 PASS_MAX_DAYS 99999" if each.kind.startswith("baseline.") else each.evidence
        found.append(fact(each.asset, each.kind, value, now - timedelta(minutes=3), each.collector, evidence=evidence))
    return found


def _tell_findings(site: GradedSite) -> None:
    book, today = site.findings, site.clock.now().date()
    plan = {"owner": OWNER.id, "cause": "未配置", "fix": "按基线改"}
    first = book.open(OWNER, "trace", "远程管理使用明文协议", Risk.HIGH, unit="6.4.1.2", major=True)
    book.step(OWNER, first.id, "plan", due=today - timedelta(days=3), **plan)
    second = book.open(OWNER, "trace", "口令最长使用期限 99999 天", Risk.MEDIUM, unit="L3-CES1-01", asset="web1")
    book.step(OWNER, second.id, "plan", due=today + timedelta(days=12), **plan)
    book.step(OWNER, second.id, "mend", after_sha256="ab" * 32)
    book.open(OWNER, "portal", "审计日志未离机保存", Risk.MEDIUM)
    last = book.open(OWNER, "portal", "默认账号未改名", Risk.LOW)
    book.step(
        OWNER, last.id, "accept", exception_until=today + timedelta(days=90), reason="厂商限制", mitigation="限来源"
    )
