"""``yaodun rules``: lint, test, explain, backtest, coverage, import, with their exit codes and JUnit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Tree

import pytest

from yaodun.cli import main

GOOD = """
title: Whoami
id: 00000000-0000-4000-8000-00000000000a
description: Somebody asks who he is.
author: Somebody
tags: [attack.discovery, attack.t1033]
logsource: {product: windows, category: process_creation}
detection: {s: {Image|endswith: '\\whoami.exe'}, condition: s}
falsepositives: [Scripts]
level: high
"""
CASES = """
rule: 00000000-0000-4000-8000-00000000000a
cases:
  - name: runs
    match: true
    event: &event
      winlog.channel: Microsoft-Windows-Sysmon/Operational
      winlog.event_id: "1"
      winlog.event_data: {Image: 'C:\\whoami.exe'}
  - name: another program
    match: false
    event: {winlog.channel: Microsoft-Windows-Sysmon/Operational, winlog.event_id: "1", winlog.event_data: {Image: a}}
"""
EVENT = {
    "Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 1, "@timestamp": "2026-01-02T00:00:00Z",
    "Image": "C:\\Windows\\whoami.exe", "Hostname": "ws1",
}  # fmt: skip


@pytest.fixture
def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("YAODUN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("YAODUN_LANG", "en")
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "whoami.yml").write_text(GOOD)
    (folder / "whoami.test.yml").write_text(CASES)
    return folder


def rows(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_lint_is_clean_on_a_good_rule(rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "lint", str(rules)]) == 0
    assert rows(capsys) == []


@pytest.mark.parametrize(
    ("change", "code", "severity"),
    [
        (("|endswith", "|endswth"), "invalid", "error"),
        (("condition: s}", "t: {User: x}, condition: s}"), "unused", "warning"),
        (("'\\whoami.exe'", "'C:\\x\\*'"), "literal_star", "warning"),
        (("author: Somebody\n", ""), "no_words", "warning"),
    ],
)
def test_lint_finds(
    change: tuple[str, str], code: str, severity: str, rules: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (rules / "whoami.yml").write_text(GOOD.replace(*change))
    main(["rules", "lint", str(rules)])
    (found,) = rows(capsys)
    assert (found["code"], found["severity"]) == (code, severity)
    path, line, column = found["place"].rsplit(":", 2)
    assert path == str(rules / "whoami.yml")
    assert int(line) > 0
    assert int(column) > 0
    assert found["remedy"]


def test_lint_finds_the_other_polarity_of_filters_and_twins(rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (rules / "filter.yml").write_text(
        "title: F\nlogsource: {product: windows, category: process_creation}\n"
        "filter: {rules: any, known: {User: x}, condition: known}\n"
    )
    (rules / "other.yml").write_text(GOOD.replace("00000a", "00000b"))
    assert main(["rules", "lint", "--strict", str(rules)]) == 1
    assert {row["code"] for row in rows(capsys)} == {"filter_polarity", "twin"}


def test_test_runs_the_cases_and_writes_junit(rules: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = tmp_path / "report.xml"
    assert main(["rules", "test", str(rules), "--junit", str(report)]) == 0
    assert [row["passed"] for row in rows(capsys)] == [True, True]
    (rules / "whoami.test.yml").write_text(CASES.replace("match: false", "match: true"))
    assert main(["rules", "test", str(rules), "--junit", str(report)]) == 1
    suite = Tree.parse(report).getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    assert len(suite.findall("testcase/failure")) == 1


def test_explain_gives_every_part(rules: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "event.json"
    file.write_text(json.dumps(EVENT, indent=1))
    assert main(["rules", "explain", "--rules", str(rules), "--", "Whoami", str(file)]) == 1
    (explained,) = rows(capsys)
    assert explained["matched"] is True
    (route,) = [route for route in explained["routes"] if route["applies"]]
    assert route["condition"] == {
        "is": "endswith",
        "field": "winlog.event_data.Image",
        "pattern": "*\\whoami.exe",
        "found": "C:\\Windows\\whoami.exe",
        "holds": True,
    }
    file.write_text(json.dumps({**EVENT, "Image": "x"}))
    assert main(["rules", "explain", str(rules / "whoami.yml"), str(file)]) == 0


def test_explain_of_an_unknown_rule(rules: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "event.json").write_text(json.dumps(EVENT))
    assert main(["rules", "explain", "--rules", str(rules), "--", "Nobody", str(tmp_path / "event.json")]) == 1
    assert "Nobody" in capsys.readouterr().err


def test_backtest_counts_by_day(rules: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "events.ndjson"
    days = ["2026-01-01T05:00:00Z", "2026-01-02T05:00:00Z", "2026-01-02T06:00:00Z"]
    file.write_text("".join(json.dumps({**EVENT, "@timestamp": day}) + "\n" for day in days))
    assert main(["rules", "backtest", str(rules), str(file)]) == 1
    (row,) = rows(capsys)
    assert (row["hits"], row["days"]) == (3, {"2026-01-01": 1, "2026-01-02": 2})


def test_coverage_names_blind_rules_and_writes_a_layer(
    rules: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (rules / "linux.yml").write_text(
        GOOD.replace("00000a", "00000c").replace("product: windows", "product: linux").replace("\\whoami.exe", "/id")
    )
    events, layer = tmp_path / "events.ndjson", tmp_path / "layer.json"
    events.write_text(json.dumps(EVENT) + "\n")
    assert main(["rules", "coverage", str(rules), str(events), "--layer", str(layer)]) == 1
    seen = {row["logsource"]: row["seen"] for row in rows(capsys)}
    assert seen == {"linux/process_creation/*": False, "windows/process_creation/*": True}
    techniques = json.loads(layer.read_text())["techniques"]
    assert [(one["techniqueID"], one["score"]) for one in techniques] == [("T1033", 8)]


def test_import_takes_what_loads(rules: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (rules / "broken.yml").write_text(GOOD.replace("|endswith", "|endswth").replace("00000a", "00000d"))
    assert main(["rules", "import", str(rules)]) == 0
    taken = tmp_path / "home" / "rules" / "mine"
    assert [path.name for path in taken.iterdir()] == ["whoami.yml"]
    assert "broken.yml:" in capsys.readouterr().err
