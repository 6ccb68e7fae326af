"""A flipped setting flips its verdict at the next look; what has not changed is not written again."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from infra.clock import ManualClock
from infra.records import Records
from infra.web.seams import Actor
from ops.baseline.host import Host
from ops.baseline.tree import HostTree
from ops.controls.board import Profile
from ops.controls.service import Controls
from ops.controls.verdict import Verdict
from ops.controls.watch import EVERY, HostWatch, SourceWatch
from tests.unit.ops.baseline.trees import DEBIAN, build
from tests.unit.ops.controls.sites import NOW

OWNER = Actor(id="u1", name="owner")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def controls(records: Records, clock: ManualClock) -> Controls:
    controls = Controls(records, clock)
    controls.declare(OWNER, Profile(id="trace", s=3, a=3, assets={"web1": "host"}))
    controls.declare(OWNER, Profile(id="other", s=3, a=3, assets={"web2": "host"}))
    return controls


def seen(controls: Controls, kind: str) -> str:
    found = controls.board("trace").standing("web1", kind)
    return str(found.value) if found else ""


FLIPS: dict[str, Callable[[Path], object]] = {
    "baseline.password.max_days_default": lambda root: _set(root / "etc/login.defs", "PASS_MAX_DAYS 99999"),
    "baseline.remote.no_telnet": lambda root: _enable(root, "telnet.socket"),
    "baseline.ssh.root_login": lambda root: _set(root / "etc/ssh/sshd_config", "PermitRootLogin yes"),
    "baseline.audit.daemon": lambda root: _disable(root, "auditd.service"),
}


@pytest.mark.parametrize("kind", sorted(FLIPS))
def test_a_flipped_setting_flips_its_verdict_at_the_next_look(
    controls: Controls, clock: ManualClock, tmp_path: Path, kind: str
) -> None:
    root = build(tmp_path / "web1", DEBIAN)
    watch = HostWatch(controls, "web1", lambda now: Host(HostTree(root, live=False), now), clock)
    assert watch.look() > 50
    before = seen(controls, kind)
    assert before == "compliant"
    assert watch.look() == 0
    FLIPS[kind](root)
    clock.advance(EVERY.total_seconds())
    assert 1 <= watch.look() < 10
    assert seen(controls, kind) == "non_compliant"
    assert timedelta(minutes=1) > EVERY


def test_only_objects_that_hold_the_asset_get_its_facts(controls: Controls, clock: ManualClock, tmp_path: Path) -> None:
    root = build(tmp_path / "web1", DEBIAN)
    HostWatch(controls, "web1", lambda now: Host(HostTree(root, live=False), now), clock).look()
    states = controls.board("other").units()
    assert {state.verdict for state in states} <= {Verdict.NOT_OBTAINED}


def test_sources_are_asked_in_turn_and_not_again_before_their_time(controls: Controls, clock: ManualClock) -> None:
    watch = SourceWatch(controls, clock)
    assert [watch.next()[0] for _ in range(3)] == ["other", "trace", ""]
    clock.advance(EVERY.total_seconds())
    assert watch.next()[0] in ("other", "trace")


LISTENER = """
import socket, sys
from datetime import UTC, datetime
from pathlib import Path
from ops.baseline.host import Host
from ops.baseline.registry import run_checks
from ops.baseline.tree import HostTree

def verdict():
    found = run_checks(Host(HostTree(Path("/")), datetime.now(UTC)), ["port.dangerous"])
    return str(found[0].outcome.verdict)

before = verdict()
with socket.socket() as telnet:
    telnet.bind(("0.0.0.0", 23))
    telnet.listen()
    during = verdict()
print(before, during, verdict())
"""


def test_an_open_telnet_port_of_this_very_host_flips_its_verdict_there_and_back() -> None:
    """In a network of its own, so that nothing is opened to anybody."""
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([unshare, "-rn", "true"], capture_output=True, check=False).returncode:
        pytest.skip(
            "no private network here; run as root, or allow user namespaces: sysctl kernel.unprivileged_userns_clone=1"
        )
    words = [unshare, "-rn", sys.executable, "-c", LISTENER]
    answer = subprocess.run(
        words, capture_output=True, text=True, timeout=60, check=True, cwd=Path(__file__).parents[4]
    )
    assert answer.stdout.split() == ["compliant", "non_compliant", "compliant"]


def _set(path: Path, line: str) -> None:
    key = line.split()[0]
    lines = [line if each.split()[:1] == [key] else each for each in path.read_text().splitlines()]
    assert line in lines
    path.write_text("\n".join(lines) + "\n")


def _enable(root: Path, unit: str) -> None:
    place = root / "usr/lib/systemd/system" / unit
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("[Socket]\nListenStream=23\n[Install]\nWantedBy=sockets.target\n")
    wants = root / "etc/systemd/system/sockets.target.wants"
    wants.mkdir(parents=True, exist_ok=True)
    (wants / unit).symlink_to(f"/usr/lib/systemd/system/{unit}")


def _disable(root: Path, unit: str) -> None:
    for link in (root / "etc/systemd/system").glob(f"*.wants/{unit}"):
        link.unlink()
