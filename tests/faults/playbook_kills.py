# ruff: noqa: E501, T201 - a script that prints its findings
"""Kills an engine at each of its persistence boundaries, goes on with a new one, and counts the effects.

``python -m tests.faults.playbook_kills --points 50 [--random 5] [--records URL]`` prints one JSON line: how many kills
there were, and how many effects were lost, doubled, or rightly brought before a person. Each kill is a SIGKILL of a
forked process; effects are lines of a file, so they outlive it. Three sorts of targets: one that can be probed, one that
takes a key twice without doing it twice, and a blind one.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from infra.clock import SystemClock
from infra.records import open_records
from infra.records.migrate import migrate
from infra.web.seams import Actor
from playbooks.engine.desk import Desk
from playbooks.engine.engine import Engine
from playbooks.engine.orders import Order, Outcome, Seen
from playbooks.engine.reading import Reading
from playbooks.model.guard import Certainty, Effect
from tests.unit.playbooks.samples import IDENTITY, uid

ACTOR = Actor(id="p1", name="Li", roles=("operator",))
LIMIT_S = 60.0
MEMORY = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: PTH112 - a kill is no power cut, memory will do


class Later(SystemClock):
    """The system's clock, so much later that the leases of the dead have run out."""

    def __init__(self, seconds: float) -> None:
        self._ahead = timedelta(seconds=seconds)

    def now(self) -> datetime:
        return super().now() + self._ahead


class Target:
    """Effects as lines of a file: ``<what>`` for each time it was done."""

    def __init__(self, path: Path, sort: Certainty) -> None:
        self.path, self.sort = path, sort

    def lines(self) -> list[str]:
        return self.path.read_text().splitlines() if self.path.exists() else []

    def certainty(self, order: Order) -> Certainty:
        return self.sort

    def act(self, order: Order) -> Outcome:
        if self.sort is Certainty.KEY and any(order.key in line for line in self.lines()):
            return Outcome(ok=True)
        handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(handle, f"{order.text}|{order.key}\n".encode())
        os.close(handle)
        return Outcome(ok=True, output={"stdout": "done"})

    def probe(self, order: Order) -> Seen:
        there = any(line.startswith(f"{order.text}|") for line in self.lines())
        return Seen.DONE if there else Seen.ABSENT

    def effects(self, order: Order) -> tuple[Effect, ...]:
        return (Effect("line", order.text),)


SORTS = {"bash": Certainty.PROBE, "http-api": Certainty.KEY, "ssh": Certainty.NONE}


def playbook() -> dict[str, Any]:
    """Two branches with every sort of target, a step with a delay, a called playbook."""
    person = f"individual--{uid(30)}"

    def act(kind: str, what: str, to: str, **more: Any) -> dict[str, Any]:
        text = f"GET /{what} HTTP/1.1" if kind == "http-api" else what
        return {"type": "action", "commands": [{"type": kind, "command": text}], "agent": person,
                "on_completion": to, **more}  # fmt: skip

    k = {name: f"{kind}--{uid(i)}" for i, (name, kind) in enumerate({
        "start": "start", "one": "action", "split": "parallel", "left": "action", "left2": "action", "left_end": "end",
        "right": "action", "right2": "action", "right_end": "end", "last": "action", "end": "end"}.items(), 1)}  # fmt: skip
    return {
        "type": "playbook", "spec_version": "cacao-2.0", "id": f"playbook--{uid(0)}", "name": "Kills",
        "created_by": IDENTITY, "created": "2026-01-01T00:00:00Z", "modified": "2026-01-01T00:00:00Z",
        "workflow_start": k["start"], "workflow": {
            k["start"]: {"type": "start", "on_completion": k["one"]},
            k["one"]: act("bash", "one", k["split"]),
            k["split"]: {"type": "parallel", "next_steps": [k["left"], k["right"]], "on_completion": k["last"]},
            k["left"]: act("http-api", "left", k["left2"]),
            k["left2"]: act("ssh", "left2", k["left_end"]),
            k["left_end"]: {"type": "end"},
            k["right"]: act("ssh", "right", k["right2"], delay=1),
            k["right2"]: act("bash", "right2", k["right_end"]),
            k["right_end"]: {"type": "end"},
            k["last"]: act("http-api", "last", k["end"]),
            k["end"]: {"type": "end"},
        },
        "agent_definitions": {person: {"type": "individual", "name": "x"}},
    }  # fmt: skip


EXPECTED = {"bash": ["one", "right2"], "http-api": ["GET /last", "GET /left"], "ssh": ["left2", "right"]}


class Boundaries:
    """Counts boundaries and dies at one of them."""

    def __init__(self, die_at: int, log: Path) -> None:
        self.count, self._die_at, self._log = 0, die_at, log

    def __call__(self, place: str) -> None:
        self.count += 1
        if self.count == self._die_at:
            os.kill(os.getpid(), signal.SIGKILL)


def targets(folder: Path) -> dict[str, Target]:
    return {kind: Target(folder / f"{kind}.txt", sort) for kind, sort in SORTS.items()}


def work(folder: Path, url: str, ahead: float, die_at: int) -> int:
    """Runs in a fork: the engine until nothing moves; its count of boundaries goes to a file."""
    records = open_records(url)
    clock, boundaries = Later(ahead), Boundaries(die_at, folder / "count")
    engine = Engine(records, targets(folder), clock, boundary=boundaries, holder=f"engine-{os.getpid()}")
    until = time.monotonic() + LIMIT_S
    while time.monotonic() < until:
        engine.run_until_idle(5)
        states = {view.state for view in Reading(records).runs()}
        if "waiting" not in states and "running" not in states:
            break
        time.sleep(0.01)
    engine.close()
    (folder / "count").write_text(str(boundaries.count))
    records.close()
    return 0


def forked(job: Callable[[], int], kill_after: float | None = None) -> bool:
    """Run it in a fork; True when it came to its own end."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = job()
        finally:
            os._exit(code)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0


def settle_questions(folder: Path, url: str) -> int:
    """Answer each question with the truth; how many there were."""
    records, asked = open_records(url), 0
    found = targets(folder)
    for wait in Reading(records).waits():
        if wait.kind == "question":
            asked += 1
            attempt = next(each for each in Reading(records).attempts(wait.run) if each.key == wait.question)
            there = any(line.startswith(f"{attempt.command}|") for line in found[attempt.kind].lines())
            Desk(records).answer(ACTOR, wait.id, "done" if there else "retry")
    records.close()
    return asked


def one(
    template: Path, url_of: Callable[[Path], str], die_at: int, kill_after: float | None, totals: Counter[str]
) -> int:
    """One run with one death; the number of boundaries of the whole run where it did not die."""
    with tempfile.TemporaryDirectory(prefix="kills-", dir=MEMORY) as name:
        folder = Path(name)
        shutil.copy(template, folder / "records.db")
        url = url_of(folder)

        def job(ahead: float, die: int) -> Callable[[], int]:
            return lambda: work(folder, url, ahead, die)

        ended = forked(job(0, die_at), kill_after)
        totals["kills"] += not ended
        ahead = 0.0
        for _ in range(20):
            if ended and not asked_left(folder, url, totals):
                break
            ahead += 60
            ended = forked(job(ahead, 0))
        count(folder, totals)
        return int((folder / "count").read_text() or 0)


def asked_left(folder: Path, url: str, totals: Counter[str]) -> bool:
    asked: list[int] = []
    reader, writer = os.pipe()

    def job() -> int:
        os.write(writer, str(settle_questions(folder, url)).encode())
        return 0

    forked(job)
    os.close(writer)
    asked.append(int(os.read(reader, 20) or b"0"))
    os.close(reader)
    totals["unknown"] += asked[0]
    return asked[0] > 0


def count(folder: Path, totals: Counter[str]) -> None:
    for kind, target in targets(folder).items():
        done = Counter(line.split("|")[0] for line in target.lines())
        totals["lost"] += sum(done[what] == 0 for what in EXPECTED[kind])
        totals["doubled"] += sum(max(0, times - 1) for times in done.values())
        totals["effects"] += sum(done.values())


def prepare(folder: Path) -> Path:
    """A database with one run that is ready."""
    path = folder / "template.db"

    def job() -> int:
        records = open_records(path)
        migrate(records.engine)
        desk = Desk(records)
        desk.start(ACTOR, desk.keep(playbook(), "test"), {}, simulate=False)
        records.close()
        return 0

    assert forked(job)
    return path


def kill_all(points: int, randomly: int = 0, seed: int = 1) -> dict[str, Any]:
    """Die at ``points`` boundaries (each of the run's in turn, again and again) and ``randomly`` times anywhere."""
    totals: Counter[str] = Counter()
    dice = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="kills-", dir=MEMORY) as name:
        template = prepare(Path(name))

        def url_of(folder: Path) -> str:
            return f"sqlite:///{folder / 'records.db'}"

        boundaries = one(template, url_of, 0, None, totals)
        for number in range(points):
            one(template, url_of, 1 + number % boundaries, None, totals)
        for _ in range(randomly):
            one(template, url_of, 0, dice.uniform(0.02, 1.4), totals)
    return {"boundaries": boundaries, "points": points + randomly, **totals}


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--points", type=int, default=40)
    parser.add_argument("--random", type=int, default=0)
    args = parser.parse_args()
    print(json.dumps(kill_all(args.points, args.random)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
