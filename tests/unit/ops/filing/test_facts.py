"""Proposals from registers, stores, flows and exposure: right values, each with source, date and evidence."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ops.filing.document import accept, new_document, refuse
from ops.filing.facts import Exposed, FlowPeer, PlatformPrefill, SizePoint, Stated, monthly_growth
from ops.filing.prefill import accept_all, coverage, prefill
from ops.filing.validate import problems
from tests.unit.ops.filing.forms import FORM, NOW, T1, T2, T4, T6, TODAY

START = datetime(2026, 3, 1, tzinfo=UTC)
GIB = 1 << 30


class Site:
    """A small site that knows what registers and telemetry of a demo would."""

    def unit(self, unit: str) -> Stated | None:
        return Stated({f"T1.{name}": value for name, value in T1.items() if not name.startswith("objects_all")}, NOW)

    def object(self, key: str) -> Stated | None:
        skipped = {"internet_source_ip", "internet_domain", "internet_protocols_ports", "interconnections"}
        stated = {f"T2.{name}": value for name, value in T2.items() if name not in skipped}
        return Stated(stated | {f"T4.{name}": value for name, value in T4.items()}, NOW, "/register/systems/trace")

    def category(self, key: str) -> Stated | None:
        return Stated(
            {f"T6.{n}": v for n, v in T6.items() if not n.startswith(("total", "monthly", "pi_r", "source_u"))}, NOW
        )

    def sizes(self, key: str) -> Sequence[SizePoint]:
        return [SizePoint(START + timedelta(days=day), (100 + 2 * day) * GIB, 50_000 * day) for day in range(31)]

    def peers(self, key: str) -> tuple[Sequence[FlowPeer], datetime] | None:
        peers = [
            FlowPeer("甲企业", "other_sector", 900, 0), FlowPeer("乙企业", "other_sector", 500, 10),
            FlowPeer("国家药监局", "same_sector", 0, 800), FlowPeer("本局门户", "own_unit", 10**6, 10**6),
            FlowPeer("丙企业", "other_sector", 400, 0), FlowPeer("丁企业", "other_sector", 300, 0),
        ]  # fmt: skip
        return peers, NOW

    def exposed(self, key: str) -> tuple[Sequence[Exposed], datetime] | None:
        return [Exposed("203.0.113.9", 443, "https", "trace.example.gov.cn"), Exposed("203.0.113.9", 80, "http")], NOW

    def levels(self, unit: str) -> tuple[Mapping[int, int], datetime] | None:
        return {1: 1, 2: 2, 3: 1}, NOW

    def categories(self, key: str) -> Sequence[str]:
        return ["flow"]

    def seen_object(self, key: str) -> Sequence[tuple[str, Stated]]:
        return ()

    def seen_category(self, key: str) -> Sequence[tuple[str, Stated]]:
        return ()


def offered() -> tuple:  # type: ignore[type-arg]
    document = new_document("F1", FORM, {"trace": ["flow"]})
    return document, prefill(document, FORM, PlatformPrefill(Site()).offers("u", document))


def proposed(document, table: str, key: str) -> dict:  # type: ignore[no-untyped-def, type-arg]
    return {name: proposal.value for name, proposal in document.sheet(table, key).proposals.items()}


def test_telemetry_gives_ports_peers_volumes_and_units() -> None:
    document, new = offered()
    t2, t6 = proposed(document, "T2", "trace"), proposed(document, "T6", "trace/flow")
    assert new > 60
    assert t2["internet_protocols_ports"] == "HTTP/80, HTTPS/443"
    assert t2["internet_domain"] == "trace.example.gov.cn"
    assert t2["interconnections"] == ["other_sector", "same_sector", "own_unit"]
    assert (t6["total_size"], t6["total_size_unit"]) == (160, "GB")
    assert (round(t6["monthly_growth"], 1), t6["monthly_growth_unit"]) == (60.9, "GB")
    assert t6["pi_records"] == 150
    assert [t6[f"source_unit_{n}"] for n in (1, 2, 3)] == ["甲企业", "乙企业", "丙企业"]
    assert t6["outflow_unit_1"] == "国家药监局"


def test_counts_by_level_come_from_the_register() -> None:
    document, _ = offered()
    t1 = proposed(document, "T1", "")
    assert [t1[f"objects_all_l{level}"] for level in range(1, 6)] == [1, 2, 1, 0, 0]
    assert t1["objects_all_total"] == 4


def test_every_proposal_says_source_and_date() -> None:
    document, _ = offered()
    origins = [proposal.origin for sheet in document.sheets for proposal in sheet.proposals.values()]
    assert all(origin.source and origin.observed for origin in origins)
    assert {origin.source for origin in origins} == {
        "register",
        "data_register",
        "store_sizes",
        "flows",
        "exposed_services",
    }


def test_accepting_keeps_origin_and_person_and_refusing_lasts() -> None:
    document, _ = offered()
    sheet = document.sheet("T2", "trace")
    accept(FORM, sheet, "object_name", "u7", NOW)
    entry = sheet.entries["object_name"]
    assert (entry.value, entry.origin.source, entry.by, entry.at) == ("药品追溯系统", "register", "u7", NOW)
    refuse(sheet, "internet_domain")
    prefill(document, FORM, PlatformPrefill(Site()).offers("u", document))
    assert "internet_domain" not in sheet.proposals
    assert "object_name" not in sheet.proposals


def test_accepting_all_leaves_only_what_no_source_knows() -> None:
    document, _ = offered()
    assert accept_all(document, FORM, "u1", NOW) > 60
    open_fields = {problem.field for problem in problems(document, FORM, TODAY) if problem.table in ("T2", "T4", "T6")}
    assert open_fields == set()
    assert coverage(document, FORM).percent > 90


def test_a_value_a_person_typed_is_not_counted_as_prefilled() -> None:
    document = new_document("F1", FORM, {"trace": []})
    assert coverage(document, FORM).filled == 0


@given(st.integers(0, 500), st.integers(2, 60), st.integers(10, 50))
def test_growth_survives_one_clean_up(per_day: int, days: int, at: int) -> None:
    """A drop of the store on one day moves a least-squares line; the median of slopes keeps the daily growth."""
    count = days + 30
    drop = 10_000 if at < 5 else 0
    points = [SizePoint(START + timedelta(days=day), 10**6 + per_day * day - drop, None) for day in range(count)]
    growth = monthly_growth(points)
    assert growth is not None
    assert abs(growth - per_day * 365.25 / 12) < 1e-6


def test_growth_needs_a_week_and_is_never_negative() -> None:
    shrinking = [SizePoint(START + timedelta(days=day), 100 - day) for day in range(20)]
    assert monthly_growth(shrinking) == 0
    assert monthly_growth(shrinking[:6]) is None
