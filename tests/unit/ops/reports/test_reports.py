"""Situation reports: whole periods without gap, the numbers of the services, both languages, forms, own templates."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest
from docx import Document
from hypothesis import given
from hypothesis import strategies as st

from analytics.posture import PostureService
from infra.errors import AppError
from infra.exchange import Level
from infra.records import Records
from infra.text import Language
from ops.alerts import AlertQuery
from ops.inspection import Inspections, shipped_lists
from ops.reports import Kind, Reports, period_of
from ops.reports.figures import Figure, Situation, Sources
from ops.work import Changes, Orders
from tests.unit.ops.incidents.cases import ANNA, START, Office
from tests.unit.ops.inspection.test_inspection import Facts

BEIJING = ZoneInfo("Asia/Shanghai")
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))


class Desk:
    """Reports over one database with a day's work in it."""

    def __init__(self, records: Records, folder: Path) -> None:
        self.office = Office(records, folder)
        clock, audit = self.office.clock, self.office.audit
        self.orders, changes = Orders(records, clock, audit), Changes(records, clock, audit)
        self.inspections = Inspections(records, clock, audit, shipped_lists(), Facts(), self.orders, changes)
        sources = Sources(
            posture=PostureService(records, clock), alerts=self.office.alerts, desk=self.office.desk,
            orders=self.orders, changes=changes, inspections=self.inspections,
        )  # fmt: skip
        self.templates = folder / "templates"
        self.templates.mkdir()
        self.reports = Reports(records, clock, audit, sources, self.office.blobs, self.templates)

    def work_a_day(self) -> None:
        alerts = [self.office.alert(number, entity=f"h{number}", level=Level.HIGH) for number in range(3)]
        alerts.append(self.office.alert(9, entity="x", level=Level.CRITICAL))
        self.office.clock.advance(600)
        self.office.incidents.open(ANNA, alerts[:2])
        self.orders.open(ANNA, "late one", due=START + timedelta(hours=1))
        self.inspections.run(ANNA, "daily")
        self.office.clock.advance(86_400)

    def figures(self) -> Situation:
        return self.reports.figures(period_of(Kind.DAILY, self.office.clock.now()))


def value(figures: tuple[Figure, ...], name: str) -> float | None:
    return next(figure.value for figure in figures if figure.name == name)


@pytest.fixture
def desk(records: Records, tmp_path: Path) -> Desk:
    made = Desk(records, tmp_path)
    made.work_a_day()
    return made


@given(MOMENTS, st.sampled_from(Kind))
def test_periods_are_whole_and_follow_on_each_other(at: datetime, kind: Kind) -> None:
    period = period_of(kind, at)
    first, last = period.since.astimezone(BEIJING), period.until.astimezone(BEIJING)
    assert period.until <= at
    assert (first.hour, first.minute, last.hour, last.minute) == (0, 0, 0, 0)
    assert period_of(kind, period.until).since == period.since
    assert period_of(kind, at, current=True).since == period.until
    if kind is Kind.WEEKLY:
        assert (first.weekday(), period.until - period.since) == (0, timedelta(days=7))
    if kind is Kind.MONTHLY:
        assert (first.day, last.day) == (1, 1)


def test_figures_are_those_of_the_services(desk: Desk) -> None:
    found = desk.figures()
    query = AlertQuery(since=found.period.since, until=found.period.until)
    assert value(found.alerts, "alerts") == desk.office.alerts.totals(query)[0] == 4
    assert value(found.alerts, "level_critical") == 1
    assert value(found.incidents, "opened") == 1
    assert value(found.work, "orders_late") == 1
    assert value(found.inspections, "runs") == 1
    assert [line.id for line in found.cases] == ["INC-20261118-01"]


def test_what_was_never_measured_is_missing_and_not_zero(desk: Desk) -> None:
    found = desk.figures()
    assert value(found.posture, "overall") is None
    html = desk.reports.form(found, "html", Language.EN).decode()
    assert "Posture —" in html


@pytest.mark.parametrize("language", list(Language))
def test_both_forms_say_the_numbers_with_their_evidence(desk: Desk, language: Language) -> None:
    found = desk.figures()
    html = desk.reports.form(found, "html", language).decode()
    with zipfile.ZipFile(io.BytesIO(desk.reports.form(found, "docx", language))) as archive:
        body = re.sub(r"<[^>]+>", "|", archive.read("word/document.xml").decode())
    for figure in (*found.alerts, *found.incidents, *found.work, *found.inspections):
        assert f"<td>{figure.value:,.0f}</td>" in html.replace("\n", "")
        assert f"|{figure.value:,.0f}|" in body
        assert figure.href.replace("&", "&amp;") in html
    assert "ops.reports" not in html + body
    assert f'lang="{language}"' in html


def test_a_whole_period_is_written_once_per_language_and_kept(desk: Desk) -> None:
    period = period_of(Kind.DAILY, desk.office.clock.now())
    first = desk.reports.write(ANNA, period, Language.ZH)
    assert desk.reports.write(ANNA, period, Language.ZH).id == first.id
    assert desk.reports.write(ANNA, period, Language.EN).id != first.id
    assert len(desk.reports.listed()) == 2
    with desk.reports.open(first.id, "html") as file:
        assert first.hash in file.read().decode()


def test_a_site_may_replace_the_templates(desk: Desk) -> None:
    (desk.templates / "situation.html").write_text("<p>{{ title }} {{ sections[0].title }}</p>", encoding="utf-8")
    document = Document()
    document.add_paragraph("Ministry paper: {{ title }}")
    document.save(str(desk.templates / "situation-daily.docx"))
    found = desk.figures()
    assert desk.reports.form(found, "html", Language.EN) == b"<p>Situation report of the day 2026-11-18 Posture</p>"
    made = Document(io.BytesIO(desk.reports.form(found, "docx", Language.EN)))
    assert made.paragraphs[0].text == "Ministry paper: Situation report of the day 2026-11-18"


@pytest.mark.parametrize(
    "wrong", ["{{ nothing }}", "{% for x in %}", "{{ title.__class__.__mro__[1].__subclasses__() }}"]
)
def test_a_template_that_is_wrong_is_named(desk: Desk, wrong: str) -> None:
    (desk.templates / "situation-daily.html").write_text(wrong, encoding="utf-8")
    with pytest.raises(AppError) as refused:
        desk.reports.form(desk.figures(), "html", Language.EN)
    assert "situation-daily.html" in str(refused.value)


def test_figures_survive_being_stored(desk: Desk) -> None:
    found = desk.figures()
    assert msgspec.convert(msgspec.to_builtins(found), Situation) == found
