# ruff: noqa: E501 - tables of inputs
"""Every shipped playbook: keeps the standard, speaks two languages, is rehearsed and simulated; those that act are run
against real things in a network namespace, stay within their dry run, and are taken back."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest

from infra.records import Records
from playbooks.actions.commands import Host
from playbooks.actions.registry import Surroundings, actuators_of
from playbooks.engine.desk import Desk
from playbooks.engine.engine import Engine
from playbooks.engine.orders import Order
from playbooks.engine.reading import Reading
from playbooks.engine.rehearsal import rehearse
from playbooks.engine.rows import AttemptRow
from playbooks.library.shelf import fitting, shelf
from playbooks.model.reading import read_tree, to_json
from tests.unit.playbooks.building import LI, WANG, ZHAO, Bench

FULL = os.environ.get("YAODUN_PROVE") == "full"
NAMES = [each.name for each in shelf()]
ACTING = [each.name for each in shelf() if each.acts]
LIVE = NAMES if FULL else ["brute-force-block", "web-shell", "ransomware-signs", "account-takeover", "service-down"]
INPUTS = {"address": "192.0.2.77", "network": "192.0.2.0/28", "account": "nobody2", "path": "/tmp/x", "process": "999999",
          "started": "1", "service": "x", "channel": "192.0.2.9", "host": "h", "subject": "81001", "system": "s",
          "kept": "/tmp/y"}  # fmt: skip


def inputs_of(name: str, values: dict[str, str]) -> dict[str, str]:
    each = next(each for each in shelf() if each.name == name)
    wanted = [key for key, one in each.playbook.playbook_variables.items() if one.external]
    return {key: values[key.strip("_")] for key in wanted}


def test_there_are_thirty_of_which_eighteen_act() -> None:
    assert len(NAMES) >= 30
    assert len(ACTING) >= 18


@pytest.mark.parametrize("name", NAMES)
def test_each_speaks_both_languages_and_round_trips(name: str) -> None:
    each = next(each for each in shelf() if each.name == name)
    for part in ("name", "description"):
        assert each.playbook.text("en", part) != each.playbook.text("zh-CN", part)
        assert each.playbook.text("en", part).isascii()
    assert read_tree(to_json(each.tree).encode()) == each.tree


@pytest.mark.parametrize("name", NAMES)
def test_each_is_rehearsed_and_simulated(name: str, records: Records, tmp_path: Path) -> None:
    each, bench = next(each for each in shelf() if each.name == name), Bench(records)
    given = inputs_of(name, INPUTS)
    effects = rehearse(each.tree, given, actuators_of(Surroundings(tmp_path)), lambda *_: None)
    assert all("note" not in row for row in effects), effects
    assert (
        any(row["reversible"] for row in effects)
        or not each.acts
        or "restart-service" in {row["kind"] for row in effects}
    )
    view = bench.run(each.tree, simulate=True, **given)
    assert view.state == "done", view.reason
    assert bench.hand.orders == []


def test_an_alert_is_offered_what_fits_with_its_inputs() -> None:
    first = fitting(["ssh-brute-force"], [("ip", "192.0.2.7"), ("user", "li")])[0]
    assert (first.shelved.name, first.inputs) == ("brute-force-block", {"__address__": "192.0.2.7"})
    assert fitting(["no rule of ours"], [("user", "li")])[0].inputs == {"__account__": "li"}
    assert fitting(["no rule of ours"], []) == []


@pytest.fixture
def world(tmp_path: Path) -> Iterator[tuple[Surroundings, dict[str, str]]]:
    """A host in a namespace of its own, with an account, a service, a process and files that belong to this test."""
    if os.geteuid() != 0 or any(shutil.which(each) is None for each in ("ip", "nft", "useradd", "service")):
        pytest.skip("needs root, ip, nft, useradd; install with: apt-get install nftables iproute2 passwd")
    if Path("/run/systemd/system").is_dir():
        pytest.skip("restarts services the SysV way; this host is run by systemd")
    mark = f"yd{secrets.token_hex(4)}"
    subprocess.run(["ip", "netns", "add", mark], check=True)
    subprocess.run(["useradd", "--no-create-home", mark], check=True, capture_output=True)
    (script := Path("/etc/init.d") / mark).write_text("#!/bin/sh\nexit 0\n")
    script.chmod(0o755)
    process = subprocess.Popen(["sleep", "600"])
    for name in ("bad.sh", "app.conf"):
        (tmp_path / name).write_text(name)
    host = Host(prefix=("ip", "netns", "exec", mark))
    values = {**INPUTS, "account": mark, "service": mark, "process": str(process.pid), "path": str(tmp_path / "bad.sh"),
              "kept": str(tmp_path / "app.conf"), "started": str(psutil.Process(process.pid).create_time())}  # fmt: skip
    yield Surroundings(tmp_path / "keep", host=host), values
    process.kill()
    process.wait()
    script.unlink()
    subprocess.run(["userdel", "--force", mark], check=False, capture_output=True)
    subprocess.run(["ip", "netns", "del", mark], check=True)


def state_of(world: tuple[Surroundings, dict[str, str]]) -> dict[str, Any]:
    """What a rollback must bring back: rules, the file, the account's line."""
    surroundings, values = world
    account = next(line for line in Path("/etc/shadow").read_text().splitlines() if line.startswith(values["account"]))
    held = surroundings.host.run(["nft", "list", "ruleset"]).stdout
    elements = [line.strip() for line in held.splitlines() if "elements" in line or "isolation" in line]
    path = Path(values["path"])
    return {
        "file": (path.read_text(), path.stat().st_mode) if path.exists() else None,
        "account": account,
        "rules": elements,
    }


@pytest.mark.parametrize("name", LIVE)
def test_each_runs_live_within_its_dry_run_and_is_taken_back(
    name: str, records: Records, world: tuple[Surroundings, dict[str, str]]
) -> None:
    surroundings, values = world
    each, given, before = next(each for each in shelf() if each.name == name), inputs_of(name, values), state_of(world)
    actuators = actuators_of(surroundings)
    allowed = {(row["kind"], row["target"]) for row in rehearse(each.tree, given, actuators, lambda *_: None)}
    desk, reading, engine = Desk(records), Reading(records), Engine(records, actuators)
    run = desk.start(LI, desk.keep(each.tree, "test"), given, simulate=False)
    for _ in range(20):
        engine.run_until_idle(20)
        waits = reading.waits(run=run)
        if not waits:
            break
        for wait in waits:
            if wait.kind == "approval":
                for actor in (WANG, ZHAO)[: wait.needed]:
                    desk.approve(actor, wait.id, wait.binding, agree=True)
            else:
                desk.answer(WANG, wait.id, wait.choices[0], dict.fromkeys(wait.outputs, "yes"))
    view = reading.run(run)
    assert view.state == "done", view.reason
    for attempt in reading.attempts(run):
        assert attempt.state == "done" or attempt.kind in ("elastic", "sigma")
    done = {row for attempt in reading.attempts(run) for row in effects_of(records, actuators, attempt.key)}
    assert {kind for kind, _ in done} <= {kind for kind, _ in allowed}
    assert {pair for pair in done if pair[0] != "notify"} <= allowed
    desk.roll_back(WANG, run)
    engine.run_until_idle(20)
    engine.close()
    irreversible = "stop-process" in {kind for kind, _ in done}
    assert reading.run(run).state in (("rolled-back", "failed") if irreversible else ("rolled-back",))
    assert state_of(world) == before


def effects_of(records: Records, actuators: Any, key: str) -> set[tuple[str, str]]:
    body = records.read(lambda session: session.get(AttemptRow, key).order)  # type: ignore[union-attr]
    order = msgspec.json.decode(body, type=Order)
    return {(each.kind, each.target) for each in actuators[order.kind].effects(order)}
