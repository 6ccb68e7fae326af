"""Whatever people do in whatever order: only allowed moves happen, and the stored case is what its events make."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from infra.errors import AppError, ErrorKind
from infra.exchange import Level
from infra.records import open_records
from infra.records.migrate import migrate
from ops.incidents import State
from ops.incidents import change as c
from ops.incidents.case import rebuilt
from tests.unit.ops.incidents.cases import ANNA, BORIS, Office

WORDS = st.text("abc %é药", min_size=1, max_size=12).filter(str.strip)
ALLOWED = {
    "new": {"triage", "closed"}, "triage": {"contain", "closed"}, "contain": {"eradicate", "triage"},
    "eradicate": {"recover", "contain"}, "recover": {"review", "eradicate"}, "review": {"closed", "recover"},
    "closed": {"reopened"}, "reopened": {"triage", "contain", "eradicate", "recover", "closed"},
}  # fmt: skip
"""The moves of the specification, written down a second time."""


class Casework(RuleBasedStateMachine):
    """Two people work a handful of incidents at random."""

    migrated: Path | None = None

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="casework-"))
        if Casework.migrated is None:
            Casework.migrated = Path(tempfile.mkdtemp(prefix="casework-base-")) / "records.db"
            base = open_records(Casework.migrated)
            migrate(base.engine)
            base.close()
        shutil.copy(Casework.migrated, self.folder / "records.db")
        self.office = Office(open_records(self.folder / "records.db"), self.folder)
        self.signals = 0
        self.incidents: list[str] = []

    def teardown(self) -> None:
        self.office.records.close()
        shutil.rmtree(self.folder)

    def tried(self, work: Any, *args: Any, **named: Any) -> Any:
        """Do it; a refusal must be a clear one and change nothing."""
        before = {one: self.office.incidents.get(one).events for one in self.incidents}
        try:
            return work(*args, **named)
        except AppError as error:
            refused = error
        assert refused.kind in (ErrorKind.CONFLICT, ErrorKind.INVALID, ErrorKind.NOT_FOUND)
        assert {one: self.office.incidents.get(one).events for one in self.incidents} == before
        return None

    def one(self, number: int) -> str:
        return self.incidents[number % len(self.incidents)]

    @initialize()
    def begin(self) -> None:
        self.incidents.append(self.office.incidents.open(ANNA, title="first").id)

    @rule(count=st.integers(1, 3), anyway=st.booleans())
    def open_of_alerts(self, count: int, anyway: bool) -> None:
        alerts = []
        for _ in range(count):
            self.signals += 1
            alerts.append(self.office.alert(self.signals, entity=f"h{self.signals % 4}"))
        made = self.tried(self.office.incidents.open, ANNA, alerts, anyway=anyway)
        if made is not None:
            self.incidents.append(made.id)

    @rule(number=st.integers(0, 9), to=st.sampled_from(State), verdict=st.sampled_from(["", "benign", "true_positive"]),
          reason=st.sampled_from(["", "because"]))  # fmt: skip
    def move(self, number: int, to: State, verdict: str, reason: str) -> None:
        before = self.office.incidents.get(self.one(number))
        after = self.tried(
            self.office.incidents.change, BORIS, before.id, c.Moved(to=to, verdict=verdict, reason=reason)
        )
        if after is not None:
            assert to in ALLOWED[before.state]
            assert not before.merged_into
            if to is State.CLOSED:
                assert reason
                assert verdict == "benign" or before.review is not None

    @rule(number=st.integers(0, 9), change=st.one_of(
        st.builds(c.Said, text=WORDS), st.builds(c.Graded, level=st.sampled_from(Level)),
        st.builds(c.Paused, reason=WORDS), st.builds(c.Resumed), st.builds(c.Task, title=WORDS),
        st.builds(c.Reviewed, summary=WORDS),
        st.builds(c.Appointed, role=st.just("owner"), person=st.sampled_from(["", "u1"])),
        st.builds(c.Noticed, clue=st.builds(c.Clue, kind=st.just("ip"), value=WORDS), gone=st.booleans()),
        st.builds(c.Affected, kind=st.just("system"), id=WORDS, gone=st.booleans()),
        st.builds(c.Measured, values=st.dictionaries(WORDS, st.floats(0, 1e9), max_size=2)),
        st.builds(c.Described, title=WORDS, tlp=st.sampled_from(["red", None])),
    ))  # fmt: skip
    def change(self, number: int, change: Any) -> None:
        self.tried(self.office.incidents.change, ANNA, self.one(number), change)

    @rule(number=st.integers(0, 9), which=st.integers(0, 9))
    def finish_task(self, number: int, which: int) -> None:
        case = self.office.incidents.get(self.one(number))
        if case.tasks:
            task = case.tasks[which % len(case.tasks)]
            self.tried(self.office.incidents.change, ANNA, case.id, c.Task(id=task.id, title=task.title, state="done"))

    @precondition(lambda self: len(self.incidents) > 1)
    @rule(into=st.integers(0, 9), other=st.integers(0, 9))
    def merge(self, into: int, other: int) -> None:
        self.tried(self.office.incidents.merge, ANNA, self.one(into), [self.one(other)], "same")

    @rule(number=st.integers(0, 9), count=st.integers(1, 2), split=st.booleans())
    def take_out(self, number: int, count: int, split: bool) -> None:
        case = self.office.incidents.get(self.one(number))
        alerts = list(case.alerts[:count]) or ["A-nothing"]
        if split:
            made = self.tried(self.office.incidents.split, ANNA, case.id, alerts, "part", "why")
            if made is not None:
                self.incidents.append(made.id)
        else:
            self.tried(self.office.incidents.detach, ANNA, case.id, alerts, "why")

    @rule(number=st.integers(0, 9), content=st.sampled_from([b"x", b"y"]))
    def evidence(self, number: int, content: bytes) -> None:
        self.tried(self.office.incidents.take, ANNA, self.one(number), "file", [content])

    @rule(seconds=st.sampled_from([1.5, 3600.0, -5.0, 90_000.0]))
    def time_passes(self, seconds: float) -> None:
        self.office.clock.advance(seconds)

    @invariant()
    def stored_is_rebuilt_and_whole(self) -> None:
        for incident in self.incidents:
            assert rebuilt(self.office.incidents.events(incident)) == self.office.incidents.get(incident)
            assert self.office.incidents.check(incident)

    @invariant()
    def every_alert_has_one_place(self) -> None:
        cases = [self.office.incidents.get(incident) for incident in self.incidents]
        held = [(alert, case.id) for case in cases for alert in case.alerts]
        assert len({alert for alert, _ in held}) == len(held)
        assert self.office.incidents.holders([alert for alert, _ in held]) == dict(held)

    @invariant()
    def times_of_a_record_never_go_back(self) -> None:
        for incident in self.incidents:
            times = [event.time for event in self.office.incidents.events(incident)]
            assert times == sorted(times)


FULL = os.environ.get("YAODUN_PROVE") == "full"
TestCasework = Casework.TestCase
TestCasework.settings = settings(
    max_examples=200 if FULL else 8, stateful_step_count=30 if FULL else 14, deadline=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
