"""``yaodun playbook``: the shapes of its answers and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from playbooks.model.reading import to_json, to_yaml
from tests.unit.playbooks.building import book, do
from tests.unit.playbooks.samples import full
from yaodun.cli import main

START = {"b1": {"on_completion": "a1"}}


@pytest.fixture
def call(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    def called(*words: str) -> tuple[int, Any]:
        capsys.readouterr()
        code = main(["playbook", *words, "--home", str(tmp_path / "home"), "--format", "ndjson"])
        out = capsys.readouterr().out
        return code, json.loads(out) if out.startswith("{") and out.count("\n") == 1 else out

    return called


def write(path: Path, tree: dict[str, Any]) -> str:
    path.write_text(to_yaml(tree) if path.suffix == ".yaml" else to_json(tree), encoding="utf-8")
    return str(path)


def test_validate_and_export(call: Any, tmp_path: Path) -> None:
    good = write(tmp_path / "good.yaml", full())
    code, shown = call("validate", good)
    assert (code, shown["level"], shown["errors"], shown["repairs"]) == (0, "strict", [], [])
    flawed = write(tmp_path / "flawed.json", full() | {"colour": "red"})
    code, shown = call("validate", flawed)
    assert (code, shown["level"], [each["path"] for each in shown["repairs"]]) == (0, "import", ["/colour"])
    assert call("validate", flawed, "--level", "strict")[0] == 1
    bad = write(tmp_path / "bad.json", full() | {"name": 1})
    code, shown = call("validate", bad)
    assert (code, shown["level"], set(shown["errors"][0])) == (1, "reject", {"path", "code", "text"})
    (tmp_path / "torn.json").write_text("{")
    assert call("validate", str(tmp_path / "torn.json"))[1]["errors"][0]["code"] == "malformed"
    assert call("validate", str(tmp_path / "none.json"))[0] == 1
    assert call("export", bad)[0] == 2
    code, text = call("export", flawed, "--to", "canonical")
    assert code == 0
    assert "colour" not in str(text)


def test_sign_verify_and_run_only_what_is_trusted(call: Any, tmp_path: Path) -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    (tmp_path / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "pub.pem").write_bytes(public)
    mark = tmp_path / "mark"
    path = write(tmp_path / "run.yaml", book({**START, "a1": do(f"echo x >> {mark}", "e1"), "e1": {}}))
    signed = str(tmp_path / "signed.json")
    assert call("sign", path, "--key", str(tmp_path / "key.pem"), "--as", "Li", "--out", signed)[0] == 0
    code, shown = call("verify", signed, "--key", str(tmp_path / "pub.pem"))
    assert (code, shown["verdict"], shown["signatures"][0]["trusted"]) == (0, "valid", True)
    assert call("verify", path)[0] == 1
    assert call("run", path, "--trust", str(tmp_path / "pub.pem"))[0] == 1
    assert not mark.exists()
    code, shown = call("run", signed, "--trust", str(tmp_path / "pub.pem"))
    assert (code, shown["state"], mark.read_text()) == (0, "done", "x\n")
    assert [each["attempts"] for each in shown["steps"]] == [0, 1, 0]


def test_dry_run_simulation_answer_and_rollback(call: Any, tmp_path: Path) -> None:
    (tmp_path / "bad.sh").write_text("x")
    steps = {
        **START,
        "a1": do("quarantine-file __p__:value", "a2", "yaodun-action"),
        "a2": do("look", "e1", "manual"),
        "e1": {},
    }
    path = write(tmp_path / "q.yaml", book(steps, {"__p__": {"type": "string", "external": True}}))
    given = ("--input", f"p={tmp_path}/bad.sh")
    code, shown = call("dry-run", path, *given)
    (effect,) = shown["effects"]
    assert (code, effect["kind"], effect["target"], effect["reversible"]) == (
        0,
        "quarantine-file",
        f"{tmp_path}/bad.sh",
        True,
    )
    assert call("run", path)[0] == 2
    assert call("run", path, "--simulate", *given)[1]["state"] == "done"
    assert (tmp_path / "bad.sh").exists()
    code, shown = call("run", path, *given)
    assert (code, shown["state"], shown["waits"][0]["kind"]) == (1, "waiting", "manual")
    assert not (tmp_path / "bad.sh").exists()
    code, done = call("resume", shown["run"], "--answer", f"{shown['waits'][0]['wait']}=done")
    assert (code, done["state"]) == (0, "done")
    code, back = call("rollback", shown["run"])
    assert (code, back["state"], (tmp_path / "bad.sh").read_text()) == (0, "rolled-back", "x")
    assert call("resume", path)[0] == 0
    assert call("resume", "run-none")[0] == 1
