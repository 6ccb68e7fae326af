"""Pollers are loaded when they first run; what is wrong with one is said in words and harms no other."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from collectors.pollers.lazy import KINDS, LazyPoller, pollers_of
from collectors.pollers.secret import secret_of
from collectors.sources.reporting import Host
from collectors.sources.seams import SourceState
from infra.errors import AppError
from infra.text import say
from tests.unit.collectors.sinks import KeepingSink

HOST = Host("agent1", "0" * 32)


@pytest.mark.parametrize(
    ("tree", "words"),
    [
        ({"kind": "telepathy"}, "telepathy"),
        ({"kind": "mqtt", "host": "x"}, "topics"),
        ({"kind": "mqtt", "host": "x", "topics": ["a"], "prot": 1}, "prot"),
        ({"kind": "mqtt", "host": "x", "topics": ["a"], "port": 99_999}, "port"),
        ({"kind": "mqtt", "host": "x", "topics": ["a"], "password": "hunter2"}, "file:PATH"),
        ({"kind": "mqtt", "host": "x", "topics": ["a"], "ca": "/nowhere/ca.pem"}, "ca"),
    ],
)
async def test_a_wrong_setting_is_said_and_no_secret_shown(tree: dict[str, object], words: str, tmp_path: Path) -> None:
    poller = LazyPoller(HOST, tree, tmp_path)
    await poller.run(KeepingSink())
    status = poller.status
    assert status.state is SourceState.NOT_AVAILABLE
    said = say(status.reason_key, **status.detail) + say(status.remedy_key, **status.detail)
    assert words in said or words == "file:PATH"
    assert "hunter2" not in said


def test_of_several_failures_at_once_the_first_is_shown(tmp_path: Path) -> None:
    poller = LazyPoller(HOST, {"kind": "snmp"}, tmp_path)
    poller.note_failure(ExceptionGroup("several", [ExceptionGroup("inner", [ConnectionError("the cluster is away")])]))
    assert "the cluster is away" in poller.status.detail["problem"]


def test_names_are_distinct_and_bounded(tmp_path: Path) -> None:
    pollers = pollers_of(HOST, [{"kind": "mqtt"}, {"kind": "mqtt"}, {"kind": "snmp", "name": "core"}] * 200, tmp_path)
    assert len(pollers) == 256
    assert [each.id for each in pollers[:3]] == ["agent1/mqtt", "agent1/mqtt/mqtt-1", "agent1/snmp/core"]


def test_secrets_are_named_and_never_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("from-a-file\n")
    monkeypatch.setenv("YAODUN_TEST_SECRET", "from-the-environment")
    assert secret_of(f"file:{tmp_path}/secret").reveal() == "from-a-file"
    assert secret_of("env:YAODUN_TEST_SECRET").reveal() == "from-the-environment"
    assert "from" not in repr(secret_of("env:YAODUN_TEST_SECRET"))
    for wrong in ("file:/nowhere/at/all", "env:NOT_SET_ANYWHERE", "plain-text"):
        with pytest.raises(AppError):
            secret_of(wrong)


def test_an_agent_without_pollers_loads_none_of_their_libraries() -> None:
    program = (
        "import sys, collectors.agent.agent\n"
        f"kinds = {sorted(KINDS.values())!r}\n"
        "heavy = ['asyncssh', 'pysnmp', 'pymodbus', 'paho', 'aiomqtt', 'httpx', 'sqlalchemy', 'duckdb', *kinds]\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
