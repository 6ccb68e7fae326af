"""``yaodun playbook dry-run``, ``run``, ``resume`` and what else is done with runs by command."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from infra.clock import SystemClock
from infra.errors import AppError, ErrorKind
from infra.home import Home
from infra.records import Records, open_records
from infra.records.migrate import migrate
from infra.web.seams import Actor
from playbooks.actions.registry import Surroundings, actuators_of
from playbooks.actions.secrets import SecretFolder
from playbooks.engine.called import Admit, called
from playbooks.engine.desk import Desk
from playbooks.engine.engine import Engine
from playbooks.engine.reading import Reading, RunView
from playbooks.engine.rehearsal import rehearse
from playbooks.engine.rows import RunRow
from playbooks.engine.state import ENDED, RunState
from playbooks.model.finding import Level
from playbooks.model.judge import judge
from playbooks.model.playbook import playbook_hash
from playbooks.model.reading import read_file
from playbooks.model.signatures import demand_signed
from trust.identity.seal import sealer_of
from yaodun.playbooks.documents import accepted
from yaodun.playbooks.signing import anchors_of
from yaodun.settings import read_settings
from yaodun.terminal import command, emit, emit_one, home_of

PATIENCE_S = 3600.0
_MAX_NEIGHBOURS = 500


def add_dry_run(actions: Any) -> None:
    """Declare ``dry-run``."""
    example = "yaodun playbook dry-run block.yaml --input address=192.0.2.7"
    parser = command(actions, "dry-run", "every effect a playbook could have", example)
    parser.add_argument("file", type=Path, metavar="FILE")
    _inputs(parser)


def run_dry_run(args: argparse.Namespace) -> int:
    """Print the effects; nothing is touched."""
    tree = accepted(args.file, judge(read_file(args.file))).tree
    near = _neighbours(args.file)
    given = _given(args)
    for name, variable in tree.get("playbook_variables", {}).items():
        if variable.get("external") and variable.get("value") is None and name not in given:
            variable["external"] = False
    actuators = actuators_of(Surroundings(home_of(args).root / "playbooks"))

    def library(name: str, version: str) -> dict[str, Any] | None:
        found = called([(playbook_hash(each), each) for each in near], name, version, _admission(args))
        return found[1] if found else None

    rows = rehearse(tree, given, actuators, library)
    emit_one({"playbook": tree["id"], "sha256": playbook_hash(tree), "effects": rows}, args)
    return 0


def add_run(actions: Any) -> None:
    """Declare ``run``."""
    example = "yaodun playbook run block.yaml --simulate --input address=192.0.2.7"
    parser = command(actions, "run", "run a playbook here", example)
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--simulate", action="store_true", help="touch nothing")
    parser.add_argument("--trust", type=Path, action="append", default=[], metavar="FILE", help="a key that may sign")
    _inputs(parser)


def run_run(args: argparse.Namespace) -> int:
    """Exit 0 when the run is done; 1 when it failed or waits."""
    verdict = accepted(args.file, judge(read_file(args.file)))
    tree, levels = verdict.tree, (Level.STRICT, Level.IMPORT) if args.simulate else (Level.STRICT,)
    if verdict.level not in levels:
        raise AppError(ErrorKind.INVALID, "playbooks.run.not_strict", place=str(args.file))
    if not args.simulate:
        _admission(args)(tree)
    with _engine(args) as (records, engine):
        desk = Desk(records)
        for near in _neighbours(args.file, levels):
            desk.keep(near, "neighbour")
        sha256 = desk.keep(tree, str(args.file))
        run = desk.start(operator(), sha256, _given(args), simulate=args.simulate, holder=engine.holder)
        print(f"run {run}", file=sys.stderr, flush=True)
        return _finish(args, records, engine, [run])


def _admission(args: argparse.Namespace) -> Admit:
    """Live, only documents that keep the standard run, and where the site has keys, only signed ones; called ones,
    too."""
    home = home_of(args)
    keys = [*getattr(args, "trust", ()), *sorted((home.root / "playbooks" / "keys").glob("*.pem"))]
    demanded = bool(keys) or read_settings(home.settings).playbooks.signed_only

    def admit(tree: dict[str, Any]) -> None:
        if judge(tree).level is not Level.STRICT:
            raise AppError(ErrorKind.INVALID, "playbooks.run.not_strict", place=str(tree["name"]))
        if demanded:
            demand_signed(tree, SystemClock().now(), anchors_of(keys))

    return admit


def add_resume(actions: Any) -> None:
    """Declare ``resume``."""
    parser = command(actions, "resume", "go on with runs that were cut off", "yaodun playbook resume run-01J8...")
    parser.add_argument("wanted", nargs="?", metavar="RUN|FILE", help="a run, or the playbook of runs (default: all)")
    parser.add_argument("--answer", action="append", default=[], metavar="WAIT=ANSWER", help="answer what it waits for")
    parser.add_argument("--reason", default="", help="why, for a skip")


def run_resume(args: argparse.Namespace) -> int:
    """Settle what was cut off, and go on; exit 0 when all are done."""
    with _engine(args) as (records, engine):
        runs = _wanted(records, args.wanted)
        for each in args.answer:
            wait, _, answer = each.partition("=")
            Desk(records).answer(operator(), wait, answer, reason=args.reason)
        _take_over(records, runs, engine.holder)
        return _finish(args, records, engine, runs)


def _wanted(records: Records, wanted: str | None) -> list[str]:
    """Runs that have not ended: one, those of a playbook's file, or all."""
    if wanted and not Path(wanted).is_file():
        Reading(records).run(wanted)
        return [wanted]
    sha256 = playbook_hash(accepted(Path(wanted), judge(read_file(Path(wanted)))).tree) if wanted else ""

    def look(session: Any) -> list[str]:
        query = session.query(RunRow.id).where(RunRow.state.not_in(ENDED), RunRow.parent == "")
        if sha256:
            query = query.where(RunRow.sha256 == sha256)
        return [row.id for row in query.order_by(RunRow.created)]

    return records.read(look)


def _take_over(records: Records, runs: list[str], holder: str) -> None:
    """The process that held these runs on this console is gone: take them without waiting for its lease.

    A platform that is up keeps its own: its leases name an engine of the runner, which renews them.
    """

    def put(session: Any) -> None:
        for row in session.query(RunRow).where(RunRow.state.not_in(ENDED)):
            mine = row.id in runs or row.cause in runs
            if mine and row.holder.startswith("console-") and not _alive(row.holder):
                row.lease_until = None
            if mine and row.state == RunState.PAUSED:
                row.state, row.hold = RunState.RUNNING, ""

    records.write(put)


def _alive(holder: str) -> bool:
    """Does the process of a console's engine still live?"""
    number = holder.split("-")[1]
    return number.isdigit() and int(number) != os.getpid() and Path(f"/proc/{number}").is_dir()


def _finish(args: argparse.Namespace, records: Records, engine: Engine, runs: list[str]) -> int:
    engine.run_until_idle(PATIENCE_S)
    reading = Reading(records)
    views = [reading.run(run) for run in runs]
    shown = [shown_run(view, [_shown_wait(each) for each in reading.waits(run=view.run)]) for view in views]
    if len(shown) == 1:
        emit_one(shown[0], args)
    else:
        emit(shown, args)
    return 0 if all(view.state in (RunState.DONE, RunState.ROLLED_BACK) for view in views) else 1


def shown_run(view: RunView, waits: list[dict[str, Any]]) -> dict[str, Any]:
    """A run as it is printed."""
    steps = [
        {"id": each.id, "type": each.type, "name": each.name, "state": each.state, "attempts": each.attempts}
        for each in view.steps
    ]
    return {
        "run": view.run, "playbook": view.playbook, "state": view.state, "simulate": view.simulate,
        "reason": view.reason, "steps": steps, "waits": waits,
    }  # fmt: skip


def _shown_wait(wait: Any) -> dict[str, Any]:
    return {
        "wait": wait.id, "step": wait.step, "kind": wait.kind, "question": wait.question, "choices": wait.choices,
        "due": wait.due,
    }  # fmt: skip


def add_list(actions: Any) -> None:
    """Declare ``list``."""
    parser = command(actions, "list", "runs, newest first", "yaodun playbook list --state waiting")
    parser.add_argument("--state", choices=[str(state) for state in RunState], default="")
    parser.add_argument("--limit", type=int, default=50)


def run_list(args: argparse.Namespace) -> int:
    """Print the runs."""
    with opened(home_of(args)) as records:
        views = Reading(records).runs(limit=args.limit, state=args.state)
        emit(
            [
                {"run": view.run, "name": view.name, "state": view.state, "simulate": view.simulate,
                 "requester": view.requester, "created": view.created, "ended": view.ended, "reason": view.reason}
                for view in views
            ],
            args,
        )  # fmt: skip
    return 0


def add_rollback(actions: Any) -> None:
    """Declare ``rollback``."""
    parser = command(actions, "rollback", "take back what a run did", "yaodun playbook rollback run-01J8...")
    parser.add_argument("wanted", metavar="RUN")
    parser.add_argument("--reason", default="")


def run_rollback(args: argparse.Namespace) -> int:
    """Undo, newest first; exit 0 when all is taken back."""
    with _engine(args) as (records, engine):
        Desk(records).roll_back(operator(), args.wanted, args.reason)
        return _finish(args, records, engine, [args.wanted])


def add_secret(actions: Any) -> None:
    """Declare ``secret``."""
    parser = command(actions, "secret", "keep a secret that playbooks name", "yaodun playbook secret host-7 < key.pem")
    parser.add_argument("name", metavar="NAME")


def run_secret(args: argparse.Namespace) -> int:
    """Read the value from the input, never from the command line."""
    value = getpass.getpass("") if sys.stdin.isatty() else sys.stdin.read()
    home = home_of(args)
    home.prepare()
    secrets_of(home).put(args.name, value.rstrip("\n") if "PRIVATE KEY" not in value else value)
    return 0


def _inputs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--input", action="append", default=[], metavar="NAME=VALUE", help="value of a variable")


def _given(args: argparse.Namespace) -> dict[str, str]:
    found = {}
    for each in args.input:
        name, sign, value = each.partition("=")
        if not sign:
            raise AppError(ErrorKind.INVALID, "playbooks.run.input_form", place=each[:80])
        found[name if name.startswith("__") else f"__{name}__"] = value
    return found


def _neighbours(path: Path, levels: Sequence[Level] = (Level.STRICT, Level.IMPORT)) -> list[dict[str, Any]]:
    """Playbooks beside a file: those it may call."""
    found: list[dict[str, Any]] = []
    files = [each for each in path.parent.iterdir() if each.suffix in (".json", ".yaml", ".yml") and each != path]
    for each in sorted(files)[:_MAX_NEIGHBOURS]:
        try:
            verdict = judge(read_file(each))
        except AppError:
            continue  # not every file beside a playbook is one
        if verdict.level in levels:
            found.append(verdict.tree)
    return found


def operator() -> Actor:
    """Whoever sits at this console."""
    name = getpass.getuser()
    return Actor(id=f"uid:{os.getuid()}", name=name, kind="command", roles=("operator",))


def secrets_of(home: Home) -> SecretFolder:
    """The secrets of a site."""
    return SecretFolder(home.root / "playbooks" / "secrets", sealer_of(home.secrets / "playbooks.key"))


@contextmanager
def opened(home: Home) -> Iterator[Records]:
    """The records of a data folder, made where there are none."""
    home.prepare()
    records = open_records(read_settings(home.settings).records.url or home.records)
    try:
        migrate(records.engine)
        yield records
    finally:
        records.close()


@contextmanager
def _engine(args: argparse.Namespace) -> Iterator[tuple[Records, Engine]]:
    home = home_of(args)
    with opened(home) as records:
        surroundings = Surroundings(home.root / "playbooks", secrets=secrets_of(home), open_store=_store_of(home))
        settings = read_settings(home.settings).playbooks
        engine = Engine(
            records, actuators_of(surroundings), holder=f"console-{os.getpid()}", protected=settings.protected,
            admit=_admission(args),
        )  # fmt: skip
        try:
            yield records, engine
        finally:
            engine.close()


def _store_of(home: Home) -> Any:
    def open_store() -> Any:
        from yaodun.site import existing_site

        return existing_site(home).open_store(read_only=True)

    return open_store
