"""Commands of graded protection: answers, exit codes, complaints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ops.filing.exchange import to_json
from tests.unit.ops.filing.forms import complete
from yaodun.cli import main

GRADE = "{name: x, s: [{harmed: society, degree: serious}], a: [{harmed: citizens, degree: general}]}"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("YAODUN_LANG", "en")
    monkeypatch.setenv("YAODUN_HOME", str(tmp_path / "home"))
    return tmp_path


def rows(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_grade(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "o.yaml").write_text(GRADE)
    assert main(["grade", str(home / "o.yaml"), "--report", str(home / "r")]) == 0
    (row,) = rows(capsys)
    assert (row["s"], row["a"], row["g"], row["level"]) == (3, 1, 3, 3)
    assert set(row["matrices"]) == {"2020", "2025"}
    assert len(list((home / "r").glob("*.docx"))) == 1
    (home / "o.yaml").write_text(GRADE.replace("name: x", "name: x, declared_level: 2"))
    assert main(["grade", str(home / "o.yaml")]) == 1
    (home / "o.yaml").write_text("name: [")
    assert main(["grade", str(home / "o.yaml")]) == 2
    assert "o.yaml:2:1" in capsys.readouterr().err


def test_filing_in_and_out(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "f.json").write_bytes(to_json(complete()))
    assert main(["filing", "import", str(home / "f.json"), "--unit", "u1"]) == 0
    for kind in ("docx", "xlsx", "json"):
        out = home / f"o.{kind}"
        assert main(["filing", "export", "F-2026-1", "--kind", kind, "--out", str(out)]) == 0
        assert main(["filing", "import", str(out), "--check"]) == 0
    assert main(["filing", "export", "none", "--out", str(home / "x")]) == 1
    (home / "bad.json").write_text("{")
    assert main(["filing", "import", str(home / "bad.json")]) == 2
    assert main(["filing", "template", "--out", str(home / "t.docx")]) == 0
    capsys.readouterr()


def test_baseline_of_a_tree(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    etc = home / "root/etc"
    etc.mkdir(parents=True)
    (etc / "passwd").write_text("root:x:0:0::/root:/bin/sh\ntoor:x:0:0::/root:/bin/sh\n")
    assert main(["baseline", "check", "--root", str(home / "root"), "--only", "identity.root_only_uid0"]) == 1
    first, *_ = rows(capsys)
    assert (first["item"], first["verdict"]) == ("8.1.4.1a", "non_compliant")
    assert first["evidence"][0]["source"] == "/etc/passwd"
    assert main(["baseline", "check", "--root", str(home / "none")]) == 2
    assert main(["baseline", "check", "--only", "no.such"]) == 2


def test_controls_of_an_object(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "p.json").write_text('{"id": "x", "s": 3, "a": 3}')
    (home / "f.ndjson").write_text('{"kind": "logs.continuous_days_least", "value": 9}\n')
    first = ["controls", "--object", "trace", "--profile", str(home / "p.json"), "--facts", str(home / "f.ndjson")]
    assert main([*first, "--split", "A"]) == 1
    found = {row["unit"]: row for row in rows(capsys)}
    assert len(found) == 60
    assert found["L3-SMC1-10"]["verdict"] in ("partial", "non_compliant")
    assert found["L3-CES1-01"]["verdict"] == "not_obtained"
    assert main(["controls", "--object", "trace", "--risks"]) == 1
    assert [row["case"] for row in rows(capsys)] == ["6.5.1.2"]
    assert main(["controls", "--object", "none"]) == 1
