"""Every parser reads what was written after its format: at least 99 of 100 fields, each parser by itself."""

from __future__ import annotations

import csv
import os
import re
from pathlib import Path

import pytest

from collectors.frames import FrameKind
from collectors.parsers import Parsed, ShippedParsers
from infra.events.frame import Frame
from infra.events.stream import Event
from tests.corpus.judge import RECEIVED, Score, corpus, judge, overall

DATA = Path(__file__).parents[4] / "shared" / "data" / "loghub"
PER_PARSER = 2_000 if os.environ.get("YAODUN_PROVE") == "full" else 200


@pytest.fixture(scope="module")
def scores() -> dict[str, Score]:
    return judge(corpus(PER_PARSER))


def test_every_parser_gets_99_of_100_fields_right(scores: dict[str, Score]) -> None:
    poor = {name: score.wrong[:3] for name, score in scores.items() if score.accuracy < 0.99}
    assert not poor
    assert overall(scores) >= 0.99


def test_every_format_was_asked(scores: dict[str, Score]) -> None:
    assert len(scores) >= 40
    assert all(score.fields >= 100 for score in scores.values())


def lines_of(name: str) -> list[Event]:
    path = DATA / name / f"{name}_2k.log"
    if not path.exists():
        pytest.skip("loghub is not beside the repository (shared/data/loghub)")
    body = path.read_bytes()
    count = sum(1 for line in body.split(b"\n") if line.strip())
    frame = Frame("t", FrameKind.LINES, count, int(RECEIVED.timestamp() * 1e9), body, meta={"zone": "+00:00"})
    answer = ShippedParsers().parse(frame)
    assert sum(each.records for each in answer) == count
    assert all(isinstance(each, Parsed) for each in answer)
    return [each.document for each in answer if isinstance(each, Parsed)]


def labels_of(name: str) -> list[dict[str, str]]:
    with (DATA / name / f"{name}_2k.log_structured.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("OpenSSH", {"Pid": "process.pid", "Content": "message"}),
        ("Linux", {"PID": "process.pid", "Content": "message"}),
        ("Apache", {"Level": "log.level", "Content": "message"}),
        ("Windows", {"Level": "log.level"}),
        ("Zookeeper", {"Level": "log.level", "Content": "message"}),
    ],
)
def test_fields_agree_with_the_labels_of_loghub(name: str, columns: dict[str, str]) -> None:
    events, labels = lines_of(name), labels_of(name)
    assert len(events) == len(labels)
    asked = right = 0
    wrong = []
    for event, label in zip(events, labels, strict=True):
        for column, field in columns.items():
            if label[column]:
                asked += 1
                same = str(event.get(field, "")).strip() == label[column].strip()
                right += same
                if not same:
                    wrong.append((column, event.get(field), label[column], event["event.original"]))
    assert right / asked >= 0.99, wrong[:5]


def test_addresses_of_openssh_agree_with_the_labels() -> None:
    events, labels = lines_of("OpenSSH"), labels_of("OpenSSH")
    asked = 0
    for event, label in zip(events, labels, strict=True):
        found = re.findall(r"(?:from|by) (\d+\.\d+\.\d+\.\d+)", label["Content"])
        if found:
            asked += 1
            assert event.get("source.ip") == found[-1], label["Content"]
    assert asked > 1_000
