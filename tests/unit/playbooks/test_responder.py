"""Alerts that answer themselves: only by named and signed playbooks, each alert once."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from infra.clock import ManualClock
from infra.events import Signal, Why
from infra.exchange import Level
from infra.ledger import record
from infra.records import Records
from ops.alerts import Alerts
from playbooks.library.shelf import shelf
from playbooks.model.signatures import sign
from playbooks.responder import Responder
from playbooks.room import PlaybookRoom
from tests.unit.playbooks.model.test_signatures import anchor
from tests.unit.playbooks.samples import IDENTITY
from tests.unit.playbooks.test_api import KEY
from trust.access import Access

NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)


def signal(number: int, rule: str = "ssh-brute-force") -> Signal:
    value = f"192.0.2.{number}"
    return Signal(
        id=f"s{number}", time=NOW, rule_id=rule, rule_name=rule, detector="rules", level=Level.HIGH,
        event_ids=("e",), entity_type="ip", entity_value=value, why=(Why("source.ip", value, value),),
    )  # fmt: skip


@pytest.mark.parametrize(("named", "signed", "runs"), [(True, True, 1), (False, True, 0), (True, False, 0)])
def test_only_named_and_signed_ones_answer_and_once(records: Records, named: bool, signed: bool, runs: int) -> None:
    clock = ManualClock(NOW)
    alerts = Alerts(records, clock, record)
    room = PlaybookRoom(records, Access(records), clock, anchors=lambda: anchor(KEY))
    tree = next(each.tree for each in shelf() if each.name == "brute-force-block")
    room.desk.keep(sign(tree, KEY, signee="b", identity=IDENTITY, at=NOW) if signed else tree, "test")
    alerts.absorb([signal(1), signal(2, "nothing we know")])
    names = ["brute-force-block"] if named else []
    assert Responder(room, alerts, clock, names).look() == runs
    assert Responder(room, alerts, clock, names).look() == 0
    begun = room.reading.runs()
    assert [run.inputs for run in begun] == [{"__address__": "192.0.2.1"}] * runs
