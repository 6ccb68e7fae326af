"""``yaodun analyse business``: findings on stdout, exit codes, and a detector that breaks is never silent."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from orjson import loads

from analytics.business import Finding
from analytics.business.desk import Desk
from analytics.business.judge import detectors
from infra.events.business import encode_event
from tests.unit.analytics.business.small_site import bill, code, later, life, masters
from yaodun.cli import main

CODES = [code(n) for n in range(1, 4)]


def written(folder: Path, *more: object) -> str:
    path = folder / "events.ndjson"
    events = [*masters(), *later(), *life(CODES), *more]
    path.write_bytes(b"\n".join(encode_event(event) for event in events) + b"\n")  # type: ignore[arg-type]
    return str(path)


def test_clean_events_are_exit_0_and_an_anomaly_exit_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyse", "business", written(tmp_path)]) == 0
    assert capsys.readouterr().out == ""
    again = bill(20, "321", "P1", CODES[:1], from_party="P1")
    assert main(["analyse", "business", written(tmp_path, again)]) == 1
    (row,) = [loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (row["detector"], row["subject"]) == ("T02", {"kind": "code", "value": CODES[0]})


def test_a_broken_detector_is_named_and_the_others_still_speak(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumbling(desk: Desk) -> Iterator[Finding]:
        raise ZeroDivisionError("nothing to divide by")

    own = detectors()
    monkeypatch.setattr(import_module("analytics.business.judge"), "detectors", lambda: (stumbling, *own))
    assert main(["analyse", "business", written(tmp_path)]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert "stumbling" in told.err
    assert "nothing to divide by" in told.err
    again = bill(20, "321", "P1", CODES[:1], from_party="P1")
    assert main(["analyse", "business", written(tmp_path, again)]) == 1
    assert loads(capsys.readouterr().out)["detector"] == "T02"
