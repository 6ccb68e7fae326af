"""Inspections: looks at real sockets and certificates, what an anomaly opens, what a second look closes."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy.orm import Session

from infra.clock import ManualClock
from infra.errors import AppError
from infra.records import Records
from infra.schedule import Clockwork, Cron, Schedules
from infra.text import Language, use_language
from infra.web.seams import Actor
from ops.alerts import AlertQuery, Alerts
from ops.documents.paper import to_docx, to_html
from ops.inspection import Inspections, shipped_lists
from ops.inspection.facts import Account, Backup, BaselineFinding, Disk
from ops.inspection.lists import CheckList, Item, read_list
from ops.inspection.plans import JOB, Plan, Plans
from ops.inspection.probes import PROBES
from ops.inspection.report import inspection_paper
from ops.inspection.result import Verdict
from ops.inspection.service import Run
from ops.work import Changes, Orders
from ops.work.changes import Scope
from ops.work.orders import OrderState

START = datetime(2026, 11, 18, 0, 0, tzinfo=UTC)
ANNA, BORIS = Actor(id="u-anna", name="anna"), Actor(id="u-boris", name="boris")


class Facts:
    """A site that can be told to be ill."""

    def __init__(self) -> None:
        self.disk, self.growth, self.state, self.digest, self.silent = 0.5, 0.001, "running", "one", False
        self.old = START
        self.proven: datetime | None = START

    def services(self) -> list[tuple[str, str]]:
        return [("ingest", self.state)]

    def sources(self) -> list[dict[str, Any]]:
        return [{"id": "s", "received": 100, "quarantined": 0, "refused": 0, "silent": self.silent, "last_seen": "t"}]

    def disks(self) -> list[Disk]:
        return [Disk(host="srv-01", mount="/", used=self.disk, growth_per_day=self.growth)]

    def accounts(self) -> list[Account]:
        return [Account(name="li", state="active", roles=(), created=self.old, last_seen=self.old, second_factor=True)]

    def backups(self) -> list[Backup]:
        return [Backup(place="/mnt", taken=START, proven=self.proven)]

    def baseline(self) -> list[BaselineFinding]:
        return [BaselineFinding(id="sshd", title="sshd", verdict="compliant", digest=self.digest)]

    def certificates(self) -> list[tuple[str, bytes]]:
        return []


class Rounds:
    """Everything an inspection needs, over one database."""

    def __init__(self, records: Records) -> None:
        self.clock, self.facts, self.told = ManualClock(START), Facts(), list[tuple[str, dict[str, Any]]]()
        self.alerts = Alerts(records, self.clock, self.audit)
        self.orders, self.changes = Orders(records, self.clock, self.audit), Changes(records, self.clock, self.audit)
        self.inspections = Inspections(
            records, self.clock, self.audit, shipped_lists(), self.facts, self.orders, self.changes
        )
        self.schedules = Schedules(records, self.clock)
        self.plans = Plans(self.schedules, self.inspections, self.alerts, self.clock)
        self.records = records

    def audit(self, session: Session, *, actor: Actor, action: str, thing: str, detail: dict[str, Any]) -> None:
        self.told.append((action, detail))

    def run(self, name: str, *only: str, scope: tuple[str, ...] = ()) -> Run:
        return self.inspections.run(ANNA, name, only=only, scope=scope)


@pytest.fixture
def rounds(records: Records) -> Rounds:
    return Rounds(records)


@contextmanager
def listening() -> Iterator[str]:
    """A port that accepts connections."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def closed_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"127.0.0.1:{server.getsockname()[1]}"


def test_an_anomaly_opens_one_order_and_a_good_look_closes_it(rounds: Rounds) -> None:
    rounds.facts.disk = 0.91
    first, second = rounds.run("daily", "capacity"), rounds.run("daily", "capacity")
    (result,) = first.results
    assert (result.found.verdict, result.found.value) == (Verdict.ANOMALY, "91%")
    assert second.results[0].order == result.order
    assert [order.id for order in rounds.orders.listed()] == [result.order]
    rounds.facts.disk = 0.6
    assert rounds.run("daily", "capacity").results[0].closed == result.order
    assert rounds.orders.shelf.get(result.order).state is OrderState.CLOSED
    rounds.facts.disk = 0.95
    assert rounds.run("daily", "capacity").results[0].order not in ("", result.order)


def test_what_fills_up_soon_is_an_anomaly_before_it_is_full(rounds: Rounds) -> None:
    rounds.facts.disk, rounds.facts.growth = 0.7, 0.02
    (result,) = rounds.run("daily", "capacity").results
    assert (result.found.reason, result.found.value) == ("disk_filling", "15 d")


def test_what_cannot_be_seen_is_never_clean(rounds: Rounds, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> list[Disk]:
        raise OSError("no such device")

    monkeypatch.setattr(rounds.facts, "disks", broken)
    run = rounds.run("daily", "capacity")
    assert (run.state, run.results[0].found.verdict) == ("unknown", Verdict.UNKNOWN)
    assert "no such device" in run.results[0].words
    assert rounds.orders.listed() == []
    assert rounds.run("network", "ports").results[0].found.verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("ill", "item", "reason"),
    [
        ({"state": "stopped"}, "services", "service_down"),
        ({"silent": True}, "sources", "silent"),
        ({"proven": None}, "backups", "backup_unproven"),
    ],
)
def test_each_illness_has_its_reason(rounds: Rounds, ill: dict[str, Any], item: str, reason: str) -> None:
    for name, value in ill.items():
        setattr(rounds.facts, name, value)
    assert [result.found.reason for result in rounds.run("daily", item).results] == [reason]


def test_ages_are_counted_from_now(rounds: Rounds) -> None:
    rounds.clock.advance(91 * 86_400)
    assert rounds.run("weekly", "accounts").results[0].found.reason == "dormant"
    assert rounds.run("daily", "backups").results[0].found.reason == "backup_old"


def test_drift_is_an_anomaly_unless_an_approved_change_covers_it(rounds: Rounds) -> None:
    assert rounds.run("weekly", "baseline").state == "clean"
    rounds.facts.digest = "two"
    assert rounds.run("weekly", "baseline").results[0].found.reason == "drifted"
    rounds.facts.digest = "three"
    change = rounds.changes.ask(
        ANNA, "x", reason="r", plan="p", rollback="b", starts=START, ends=START + timedelta(hours=1),
        scope=Scope(assets=("this host",)),
    )  # fmt: skip
    rounds.changes.approve(BORIS, change.id)
    (result,) = rounds.run("weekly", "baseline").results
    assert result.found.verdict is Verdict.OK
    assert result.found.evidence["change"] == change.id


def test_ports_and_reachability_over_real_sockets(rounds: Rounds) -> None:
    shut = closed_port()
    with listening() as there:
        reach = rounds.run("network", "reachability", scope=(there, shut))
        ports = rounds.run("network", "ports", scope=(there, f"!{shut}", f"!{there}", shut))
    assert [result.found.reason for result in reach.results] == ["", "unreachable"]
    assert [result.found.reason for result in ports.results] == ["", "", "port_open", "port_closed"]


def test_a_target_that_is_none_is_told_and_ends_nothing(rounds: Rounds) -> None:
    run = rounds.run("network", "reachability", scope=("nonsense",))
    assert run.results[0].found.verdict is Verdict.UNKNOWN


@contextmanager
def tls_server(folder: Path, days: int) -> Iterator[str]:
    """A TLS server with a certificate of openssl that lasts ``days`` from now."""
    key, crt = folder / "k.pem", folder / "c.pem"
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-keyout", str(key), "-out", str(crt), "-days", str(days), "-subj",
             "/CN=localhost"]  # fmt: skip
    subprocess.run(words, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(crt, key)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                plain, _ = server.accept()
                with plain, context.wrap_socket(plain, server_side=True):
                    pass

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        thread.join(10)


@pytest.mark.parametrize(("days", "reason"), [(20, "certificate_ends"), (400, "")])
def test_certificates_of_a_real_server(records: Records, tmp_path: Path, days: int, reason: str) -> None:
    rounds = Rounds(records)
    rounds.clock.advance((datetime.now(UTC) - START).total_seconds())
    with tls_server(tmp_path, days) as target:
        (result,) = rounds.run("network", "certificates", scope=(target,)).results
    assert result.found.reason == reason
    assert int(result.found.value.split()[0]) in (days - 1, days)


def test_a_run_is_known_by_its_hash_and_the_ledger_knows_it(rounds: Rounds) -> None:
    run = rounds.inspections.get(rounds.run("daily").id)
    assert rounds.inspections.whole(run)
    altered = msgspec.structs.replace(run, results=run.results[1:])
    assert not rounds.inspections.whole(altered)
    assert ("ops.inspection.run", run.hash) in [(action, detail.get("hash")) for action, detail in rounds.told]


def test_a_due_time_is_run_once_and_one_that_nobody_ran_is_an_alert(rounds: Rounds) -> None:
    rounds.plans.save(ANNA, Plan(id="morning", list="weekly", timing=Cron("30 8 * * *")))
    clockwork = Clockwork(rounds.records, Timers(), {JOB: rounds.plans.fire}, rounds.clock)
    clockwork.start()
    rounds.clock.advance(3600)  # 09:00 in Beijing
    assert clockwork.tick("inspection/morning") == 1
    assert clockwork.tick("inspection/morning") == 0
    (run,) = rounds.inspections.runs("weekly")
    assert run.due is not None
    assert rounds.inspections.run(ANNA, "weekly", plan="morning", due=run.due).id == run.id
    assert rounds.plans.tell_missed() == 0
    rounds.clock.advance(24 * 3600 + 60)  # a day without the runner
    assert rounds.plans.tell_missed() == 1
    rounds.plans.tell_missed()
    (alert,) = rounds.alerts.search(AlertQuery()).alerts
    assert (alert.rule["id"], alert.count) == ("platform.inspection-missed", 1)


def test_due_times_before_a_plan_was_made_were_not_missed(rounds: Rounds) -> None:
    rounds.clock.advance(12 * 3600)
    rounds.plans.save(ANNA, Plan(id="morning", list="weekly", timing=Cron("30 8 * * *")))
    assert rounds.plans.missed() == []


class Timers:
    """A scheduler that never fires by itself."""

    state = 0

    def add_job(self, *args: Any, **named: Any) -> None: ...

    def remove_job(self, name: str) -> None: ...


@pytest.mark.parametrize("language", list(Language))
def test_the_report_in_both_forms_and_languages(rounds: Rounds, language: Language) -> None:
    rounds.facts.disk = 0.95
    run = rounds.run("daily")
    with use_language(language):
        paper = inspection_paper(run, rounds.inspections.lists["daily"])
        html, docx = to_html(paper), to_docx(paper)
    assert run.hash in html
    assert docx[:2] == b"PK"
    assert "ops.inspection" not in html


def test_shipped_lists_name_real_checks_in_both_languages() -> None:
    used = {item.check for chosen in shipped_lists().values() for item in chosen.items}
    assert used == set(PROBES)
    for chosen in shipped_lists().values():
        for titled in (chosen, *chosen.items):
            assert isinstance(titled, CheckList | Item)
            assert set(titled.title) == {"zh-CN", "en"}


@pytest.mark.parametrize(
    "text",
    [
        "list: x", "list: [", "{list: x, version: '1', title: {en: x}, items: []}",
        "{list: x, version: '1', title: {en: x}, items: [{id: a, check: nothing, title: {en: a}}]}",
        "{list: x, version: '1', title: {}, items: [{id: a, check: time, title: {}}, {id: a, check: time, title: {}}]}",
        "{list: x, version: '1', title: {en: x}, wrong: 1, items: [{id: a, check: time, title: {}}]}",
        "!!python/object/apply:os.system ['true']",
    ],
)  # fmt: skip
def test_a_list_that_is_wrong_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(AppError) as refused:
        read_list(text.encode(), "site.yaml", frozenset(PROBES))
    assert "site.yaml" in str(refused.value)
