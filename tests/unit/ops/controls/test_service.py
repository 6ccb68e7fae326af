"""Facts and people's verdicts kept in records; telemetry never overwrites a person."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from infra.clock import ManualClock
from infra.errors import AppError, ErrorKind
from infra.records import Records
from infra.web.seams import Actor
from ops.controls.facts import OBJECT, Fact
from ops.controls.reading import read_facts, read_profile
from ops.controls.service import Controls, described
from ops.controls.verdict import Verdict
from tests.unit.ops.controls.sites import NOW, all_facts, profile, seen

OWNER = Actor(id="u1", name="owner")


class Source:
    def facts(self, object_id: str, now: datetime) -> Iterable[Fact]:
        return [seen(OBJECT, "logs.continuous_days_least", 200)]


@pytest.fixture
def controls(records: Records) -> Controls:
    controls = Controls(records, ManualClock(NOW), [Source()])
    controls.declare(OWNER, profile())
    return controls


def test_kept_facts_give_the_board(controls: Controls) -> None:
    assert controls.keep("trace", all_facts(profile())) > 200
    states = {state.item.id: state for state in controls.board("trace").units()}
    assert states["8.1.4.1a"].verdict is Verdict.COMPLIANT
    assert [one.id for one in controls.profiles("u1")] == ["trace"]
    assert controls.risks("trace") == []


def test_older_facts_are_not_taken(controls: Controls) -> None:
    controls.keep("trace", [seen(OBJECT, "logs.continuous_days_least", 200)])
    assert controls.keep("trace", [seen(OBJECT, "logs.continuous_days_least", 3, minutes=-9)]) == 0


def test_sources_are_asked(controls: Controls) -> None:
    assert controls.refresh("trace") == 1
    assert controls.board("trace").standing(OBJECT, "logs.continuous_days_least") is not None


def test_a_verdict_needs_reason_and_end(controls: Controls) -> None:
    until = NOW + timedelta(days=90)
    controls.judge(OWNER, "trace", "L3-PES1-01", Verdict.COMPLIANT, "现场查看", until)
    unit = next(state for state in controls.board("trace").units() if state.item.unit == "L3-PES1-01")
    assert unit.verdict is Verdict.COMPLIANT
    assert described(controls.board("trace"), unit)["judged"]["by"] == "u1"
    for reason, end in ((" ", until), ("x", NOW), ("x", NOW + timedelta(days=999))):
        with pytest.raises(AppError):
            controls.judge(OWNER, "trace", "L3-PES1-01", Verdict.COMPLIANT, reason, end)
    with pytest.raises(AppError):
        controls.judge(OWNER, "trace", "L9-X", Verdict.COMPLIANT, "x", until)


def test_unknown_objects_and_levels_are_refused(controls: Controls) -> None:
    with pytest.raises(AppError) as error:
        controls.board("none")
    assert error.value.kind is ErrorKind.NOT_FOUND
    with pytest.raises(AppError):
        controls.declare(OWNER, profile(s=5))


def test_files_name_the_line_that_is_wrong(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.ndjson", tmp_path / "bad.ndjson"
    good.write_text('{"kind": "a", "value": 1}\n\n{"kind": "b", "value": [], "asset": "x", "valid_days": 9}\n')
    assert [(fact.kind, fact.asset) for fact in read_facts(good, NOW)] == [("a", ""), ("b", "x")]
    bad.write_text('{"kind": "a", "value": 1}\n{"kind": "a"}\n')
    with pytest.raises(AppError) as error:
        list(read_facts(bad, NOW))
    assert error.value.detail["place"].endswith("bad.ndjson:2")
    with pytest.raises(AppError):
        read_profile(bad)
