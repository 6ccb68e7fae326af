"""Business events by somebody who read docs/business-events.md only: what he hid is found, nothing else is told."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest

from tests.integration import outsider_flows as flows
from tests.integration import outsider_office as office
from tests.integration import outsider_trade as trade
from tests.integration.outsider_world import World
from yaodun.cli import main

SLACK = timedelta(days=1)
Row = dict[str, Any]


def world(seed: int) -> World:
    """Everything."""
    made = World(seed)
    for tell in (
        trade.everyday, trade.codes_and_custody, trade.places_and_packages, trade.batches_and_licences, flows.flows,
        flows.uploads, office.sensors_and_scans, office.e_licences, office.exchange, office.approvals,
    ):  # fmt: skip
        tell(made)
    return made


def fits(alert: Row, truth: Row) -> bool:
    """The rule of the document: its detector or one that may speak as well; same subject near in time, or an event."""
    if alert["detector"] != truth["detector"] and alert["detector"] not in truth.get("also", ()):
        return False
    begins, ends = (datetime.fromisoformat(alert[key]) for key in ("from", "to"))
    first, last = (datetime.fromisoformat(truth[key]) for key in ("from", "to"))
    near = begins - SLACK <= last and first <= ends + SLACK
    same = [alert["subject"]["kind"], alert["subject"]["value"]] == truth["subject"]
    return (same and near) or not set(alert["events"]).isdisjoint(truth["events"])


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Row], list[Row]]:
    """Alerts and truths of one world, through the command."""
    folder = tmp_path_factory.mktemp("outsider")
    made = world(11)
    path, answer = made.write(folder), folder / "answer"
    with answer.open("w") as out, pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdout", out)
        main(["analyse", "business", str(path), "--format", "ndjson"])
    return [orjson.loads(line) for line in answer.read_bytes().splitlines()], made.truths


def test_what_was_hidden_is_found(judged: tuple[list[Row], list[Row]]) -> None:
    alerts, truths = judged
    hidden = [truth for truth in truths if not truth.get("look_alike")]
    missed = [
        (truth["detector"], truth["subject"])
        for truth in hidden
        if not any(alert["detector"] == truth["detector"] and fits(alert, truth) for alert in alerts)
    ]
    assert {truth["detector"] for truth in hidden} >= {f"B{n:02d}" for n in range(1, 30)}
    assert not missed


def test_nothing_else_is_told(judged: tuple[list[Row], list[Row]]) -> None:
    alerts, truths = judged
    hidden = [truth for truth in truths if not truth.get("look_alike")]
    wrong: defaultdict[str, list[Row]] = defaultdict(list)
    for alert in alerts:
        if not any(fits(alert, truth) for truth in hidden):
            wrong[alert["detector"]].append((alert["subject"]["value"], alert["reason_en"]))  # type: ignore[arg-type]
    assert not dict(wrong)
