"""A simulated world is the same everywhere and tells the truth about itself."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from infra.errors import AppError
from infra.events.business import Bill, read_events, read_truth
from yaodun.simulation.business import simulate
from yaodun.simulation.stories.told import STORIES

SMALL = 6_000
FEW = {"anomalies": 1.0, "look_alikes": 1.0}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    simulate(11, 120, codes=SMALL).write(folder)
    return folder


def test_another_process_writes_the_same_bytes(tmp_path: Path) -> None:
    simulate(11, 40, codes=2000, knobs=FEW).write(tmp_path / "here")
    words = [
        "simulate",
        "business",
        "--seed",
        "11",
        "--days",
        "40",
        "--codes",
        "2000",
        "--out",
        str(tmp_path / "there"),
    ]
    words += ["--knob", "anomalies=1", "--knob", "look_alikes=1"]
    environment = {**os.environ, "PYTHONHASHSEED": "77"}
    subprocess.run([sys.executable, "-m", "yaodun", *words], check=True, env=environment, timeout=120)
    for name in ("events.ndjson", "truth.ndjson"):
        assert _digest(tmp_path / "here" / name) == _digest(tmp_path / "there" / name)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_another_seed_is_another_world(tmp_path: Path) -> None:
    for seed in (12, 13):
        simulate(seed, 20, codes=1000, knobs=FEW).write(tmp_path / str(seed))
    assert _digest(tmp_path / "12" / "events.ndjson") != _digest(tmp_path / "13" / "events.ndjson")


def test_every_line_is_a_labelled_event_in_order_of_recording(world: Path) -> None:
    events = list(read_events(world / "events.ndjson"))
    assert all(event.simulated for event in events)
    recorded = [event.recorded for event in events]
    assert recorded == sorted(recorded)


def test_as_many_codes_are_born_as_were_asked_for(world: Path) -> None:
    born = {
        code
        for event in read_events(world / "events.ndjson")
        if isinstance(event, Bill) and event.bill_type == "101"
        for code in event.codes
    }
    assert len(born) >= SMALL


def test_every_event_of_a_truth_is_in_the_file(world: Path) -> None:
    ids = {event.id for event in read_events(world / "events.ndjson")}
    for truth in read_truth(world / "truth.ndjson"):
        assert ids.issuperset(truth.events), truth
        assert truth.begins <= truth.ends


def test_every_detector_has_anomalies_and_at_least_as_many_look_alikes(world: Path) -> None:
    truths = read_truth(world / "truth.ndjson")
    wrong = Counter(truth.detector for truth in truths if not truth.look_alike)
    right = Counter(truth.detector for truth in truths if truth.look_alike)
    told = {story.detector for story in STORIES}
    assert set(wrong) == told
    assert {detector: right[detector] >= wrong[detector] for detector in told} == dict.fromkeys(told, True)


def test_without_anomalies_nothing_wrong_is_told() -> None:
    tape = simulate(3, 60, codes=2000, knobs={"anomalies": 0, "look_alikes": 1})
    assert tape.truths
    assert all(truth.look_alike for truth in tape.truths)


def test_a_fixed_knob_is_used_and_written_down() -> None:
    tape = simulate(3, 120, codes=2000, knobs={"trace.codes": 3, "look_alikes": 0, "anomalies": 2})
    knobs = [truth.knob["trace.codes"] for truth in tape.truths if "trace.codes" in truth.knob]
    assert knobs
    assert set(knobs) == {3}


@pytest.mark.parametrize("knobs", [{"no.such": 1.0}, {"trace.speed": 3.0}])
def test_a_wrong_knob_is_refused(knobs: dict[str, float]) -> None:
    with pytest.raises(AppError, match="knob"):
        simulate(1, 10, codes=100, knobs=knobs)
