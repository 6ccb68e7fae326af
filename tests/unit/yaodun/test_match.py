"""``yaodun match``: file kinds, shapes of answers, exit codes, messages."""

from __future__ import annotations

import gzip
import json
import zipfile
from pathlib import Path

import pytest

from yaodun.cli import main

ID = "00000000-0000-4000-8000-00000000000a"
RULE = """
title: Whoami
id: 00000000-0000-4000-8000-00000000000a
author: Somebody
logsource: {product: windows, category: process_creation}
detection: {s: {Image|endswith: '\\whoami.exe'}, condition: s}
level: high
"""
HIT = {
    "Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 1, "SourceName": "Microsoft-Windows-Sysmon",
    "Hostname": "ws1", "@timestamp": "2026-01-01T00:00:00Z", "Image": "C:\\Windows\\whoami.exe",
}  # fmt: skip
MISS = {**HIT, "Image": "C:\\Windows\\notepad.exe"}


@pytest.fixture
def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("YAODUN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("YAODUN_LANG", "en")
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "whoami.yml").write_text(RULE)
    return folder


def lines(*records: dict[str, object]) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def matched(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_flat_windows_records(rules: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "events.json"
    file.write_bytes(lines(MISS, HIT, MISS))
    assert main(["match", "--rules", str(rules), str(file)]) == 1
    assert matched(capsys) == [
        {
            "rule": {
                "id": "00000000-0000-4000-8000-00000000000a",
                "name": "Whoami",
                "author": "Somebody",
                "level": "high",
            },
            "event": 2,
            "file": str(file),
            "why": [
                {"field": "winlog.event_data.Image", "value": "C:\\Windows\\whoami.exe", "pattern": "*\\whoami.exe"}
            ],
        }
    ]


def test_nothing_found_is_clean(rules: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "events.json"
    file.write_bytes(lines(MISS))
    assert main(["match", "--rules", str(rules), str(file)]) == 0
    assert matched(capsys) == []


def test_gzip_zip_and_other_shapes(rules: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    beat = {
        "@timestamp": "2026-01-01T00:00:00Z",
        "winlog": {"channel": HIT["Channel"], "event_id": 1, "event_data": {"Image": HIT["Image"]}},
    }
    (tmp_path / "beat.ndjson.gz").write_bytes(gzip.compress(lines(beat)))
    with zipfile.ZipFile(tmp_path / "flat.zip", "w") as archive:
        archive.writestr("a/flat.json", lines(HIT, HIT))
        archive.writestr("a/readme.txt", "nothing")
    files = [str(tmp_path / "beat.ndjson.gz"), str(tmp_path / "flat.zip")]
    assert main(["match", *files, "--rules", str(rules)]) == 1
    assert len(matched(capsys)) == 3


def test_a_broken_line_costs_itself_only(rules: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "events.json"
    file.write_bytes(lines(HIT) + b'{"broken\n[1]\n7\n' + lines(HIT))
    assert main(["match", "--rules", str(rules), str(file)]) == 1
    assert [row["event"] for row in matched(capsys)] == [1, 5]


def test_shipped_rules_on_syslog(rules: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "auth.log"
    failed = "<38>Jan  1 00:00:{n:02} web1 sshd[17]: Failed password for root from 203.0.113.7 port 5214{m} ssh2\n"
    file.write_text("".join(failed.format(n=number, m=number % 10) for number in range(12)))
    assert main(["match", str(file)]) == 1
    assert "SSH password guessing from one address" in {row["rule"]["name"] for row in matched(capsys)}  # type: ignore[index]


def test_stats(rules: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "events.json"
    file.write_bytes(lines(HIT, MISS))
    main(["match", "--stats", "--rules", str(rules), str(file)])
    stats = json.loads(capsys.readouterr().err.splitlines()[-1])
    assert (stats["events"], stats["matches"], stats["rules_loaded"]) == (2, 1, 1)
    assert stats["events_per_s"] > 0


@pytest.mark.parametrize("words", [["nowhere.json"], ["--rules", "nowhere"], []])
def test_wrong_use(words: list[str], rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["match", *words]) == 2
    assert ";" in capsys.readouterr().err


def test_a_broken_rule_is_told_with_its_place(rules: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (rules / "broken.yml").write_text(RULE.replace("0a", "0b").replace("|endswith", "|endswth"))
    file = tmp_path / "events.json"
    file.write_bytes(lines(HIT))
    assert main(["match", "--rules", str(rules), str(file)]) == 1
    assert f"{rules / 'broken.yml'}:6:" in capsys.readouterr().err
