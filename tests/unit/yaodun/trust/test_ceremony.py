"""A ceremony by script, its transcript signed by everybody; a copy of the PKI that opens, and an altered one."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trust.ca.backup import counts
from trust.keys import material
from trust.keys.seams import KeyKind
from yaodun.cli import main

PEOPLE = ("li", "wang", "zhao")
Run = Callable[..., list[dict[str, Any]]]


def pem(label: str, der: bytes) -> str:
    return f"-----BEGIN {label}-----\n{base64.encodebytes(der).decode()}-----END {label}-----\n"


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def work(*words: object, code: int = 0, home: str = "home") -> list[dict[str, Any]]:
        assert main(["trust", *map(str, words), "--home", str(tmp_path / home), "--format", "ndjson"]) == code
        return [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]

    return work


@pytest.fixture
def script(tmp_path: Path) -> Path:
    lines = ['title = "Root ceremony"', 'place = "Room 3"', "threshold = 2", 'approvers = ["wang"]']
    for name in PEOPLE:
        private = material.generate(KeyKind.SM2)
        (tmp_path / f"{name}.key").write_text(pem("PRIVATE KEY", material.to_pkcs8(private)))
        key = base64.b64encode(material.spki_of(private)).decode()
        lines += ["[[participants]]", f'name = "{name}"', 'role = "holder"', f'key = "{key}"', "holds_share = true"]
    for name, parent in (("root", ""), ("issuing", "root")):
        lines += ["[[authorities]]", f'name = "{name}"', f'subject = "CN={name}, O=NMPA, C=CN"', f'parent = "{parent}"']
    path = tmp_path / "script.toml"
    path.write_text("\n".join(lines))
    return path


def perform(run: Run, script: Path) -> Path:
    out = script.parent / "transcript.json"
    run("ceremony", "run", script, "--out", out, "--shares", script.parent / "shares")
    return out


def test_everybody_signs_the_transcript_and_no_share_is_in_it(run: Run, script: Path) -> None:
    out = perform(run, script)
    (found,) = run("ceremony", "verify", out, code=1)
    assert found["missing"] == sorted(PEOPLE)
    for name in PEOPLE:
        share = (script.parent / "shares" / f"{name}.share").read_text()
        assert share not in out.read_text()
        run("ceremony", "sign", out, "--key", script.parent / f"{name}.key", "--as", name)
    (found,) = run("ceremony", "verify", out)
    assert found["complete"]
    rows = run("ca", "list")
    assert [(row["name"], row["custody"]) for row in rows] == [("root", "software"), ("issuing", "software")]
    steps = json.loads(out.read_text())["steps"]
    told = [step["detail"]["fingerprint"] for step in steps if step["step"] == "authority founded"]
    assert told == [row["fingerprint"] for row in rows]


def test_an_altered_step_is_named_and_a_stranger_cannot_sign(run: Run, script: Path) -> None:
    out = perform(run, script)
    run("ceremony", "sign", out, "--key", script.parent / "li.key", "--as", "wang", code=2)
    document = json.loads(out.read_text())
    for change in (_change_detail, _drop_step, _swap_steps):
        altered = json.loads(json.dumps(document))
        change(altered)
        out.write_text(json.dumps(altered))
        run("ceremony", "verify", out, code=2)


def _change_detail(document: dict[str, Any]) -> None:
    document["steps"][2]["detail"]["fingerprint"] = "00"


def _drop_step(document: dict[str, Any]) -> None:
    del document["steps"][1]


def _swap_steps(document: dict[str, Any]) -> None:
    document["steps"][2], document["steps"][3] = document["steps"][3], document["steps"][2]


def test_the_drill_a_copy_brought_back_opens_with_the_shares_and_signs(run: Run, script: Path) -> None:
    perform(run, script)
    folder = script.parent
    (made,) = run("backup", folder / "copy")
    assert made["counts"]["authorities"] == 2
    (brought,) = run("restore", folder / "copy", home="other")
    assert brought["counts"] == counts(folder / "other" / "pki") == counts(folder / "home" / "pki")
    given = [word for name in PEOPLE[:2] for word in ("--share", f"@{folder / 'shares' / name}.share")]
    run("crl", "issuing", "--out", folder / "a.crl", home="other", code=1)  # sealed without its shares
    run("crl", "issuing", "--out", folder / "a.crl", *given, home="other")
    run("ca", "export", "issuing", "--out", folder / "issuing.pem", home="home")
    found = json.loads(json.dumps(run("ca", "list", home="other")))
    assert [row["fingerprint"] for row in found] == [row["fingerprint"] for row in run("ca", "list")]


def test_an_altered_copy_is_refused_and_a_pki_is_never_written_over(run: Run, script: Path) -> None:
    perform(run, script)
    copy = script.parent / "copy"
    run("backup", copy)
    run("restore", copy, code=1)  # there is a PKI
    run("backup", copy, code=1)  # and a copy
    run("restore", copy, "--check")
    key = next((copy / "keys").glob("key-*.json"))
    key.write_bytes(key.read_bytes()[:-1] + b" ")
    run("restore", copy, "--check", code=2)
    run("restore", copy, code=2, home="other")
    assert not (script.parent / "other" / "pki" / "pki.db").exists()
