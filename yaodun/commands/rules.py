"""``yaodun rules``: lint, test, explain, backtest, coverage, import, list; set, history, suppress, suppressions."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import orjson

from analytics.rules import RuleSet, load_rules
from analytics.rules.backtest import Hits, backtest_store, backtest_window, stored_events
from analytics.rules.cases import read_cases, try_case
from analytics.rules.coverage import Watch, navigator_layer
from analytics.rules.explain import explain
from analytics.rules.junit import Outcome, junit
from analytics.rules.lens import EcsLens
from analytics.rules.lint import Severity, lint
from analytics.rules.load import shipped_rules
from infra.errors import AppError, ErrorKind
from infra.events import Event
from yaodun import rules_site
from yaodun.backtest import backtest_files
from yaodun.commands.match import apart, read_rules
from yaodun.eventfiles import EventReader, event_files
from yaodun.site import existing_site
from yaodun.terminal import command, complain, emit, emit_one, home_of


def add(commands: Any) -> None:
    """Declare the command."""
    parser = command(commands, "rules", "work on detection rules", "yaodun rules lint my-rules")
    actions = parser.add_subparsers(dest="action", required=True, metavar="|".join(_ACTIONS))
    listed = _action(actions, "list", "the rules that load", "yaodun rules list sigma/rules/linux")
    checked = _action(actions, "lint", "errors and doubts; exit 1 on errors", "yaodun rules lint my-rules")
    tested = _action(actions, "test", "run the rules' own tests", "yaodun rules test my-rules --junit rules.xml")
    for one in (listed, checked, tested):
        one.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="rules (default: shipped)")
    checked.add_argument("--strict", action="store_true", help="exit 1 on doubts, too")
    explained = _action(actions, "explain", "the verdict of every part", "yaodun rules explain 'Whoami' event.json")
    explained.add_argument("rule", metavar="RULE", help="id, name, title or file of a rule")
    explained.add_argument("event", type=Path, metavar="EVENT", help="a file with one event")
    tried = _action(
        actions, "backtest", "hits per rule and day on files or the store", "yaodun rules backtest my-rules"
    )
    tried.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="rules, and files of events if any")
    tried.add_argument("--from", dest="start", metavar="T", help="not before T (default: 24 hours ago)")
    tried.add_argument("--to", dest="end", metavar="T", help="before T (default: now)")
    seen = _action(
        actions, "coverage", "log sources, blind rules, techniques", "yaodun rules coverage --layer attack.json"
    )
    seen.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="rules, and files of events if any")
    seen.add_argument("--layer", type=Path, metavar="FILE", help="write an ATT&CK Navigator layer")
    taken = _action(actions, "import", "take rules into this site", "yaodun rules import sigma/rules/linux")
    taken.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    taken.add_argument("--dry-run", action="store_true", help="say what would be taken")
    rules_site.add(actions)
    for one in (checked, tested, tried):
        one.add_argument("--junit", type=Path, metavar="FILE", help="write the outcome as JUnit XML")
    for one in (explained, tested):
        one.add_argument(
            "--rules", nargs="+", action="extend", type=Path, metavar="DIR", help="where rules are looked for"
        )


def _action(actions: Any, name: str, summary: str, example: str) -> argparse.ArgumentParser:
    return command(actions, name, summary, example)


def run(args: argparse.Namespace) -> int:
    """Exit 1 where something failed or was found."""
    return _ACTIONS[args.action](args)


def _load(args: argparse.Namespace, paths: list[Path]) -> RuleSet:
    return read_rules(paths, home_of(args).state / "rules")


def _in_force(args: argparse.Namespace) -> RuleSet:
    """The rules of this site with what was imported, written and switched; the shipped ones where there is no site."""
    if not home_of(args).run.is_dir():
        return _load(args, [shipped_rules()])
    from analytics.rules.book import RuleBook
    from yaodun.rules import rules_of

    site = existing_site(home_of(args))
    return rules_of(site, RuleBook(site.records, site.clock).changes(site.clock.now()))


def _list(args: argparse.Namespace) -> int:
    ruleset = _load(args, args.paths) if args.paths else _in_force(args)
    emit(
        (
            {
                "id": rule.id,
                "title": rule.title,
                "level": rule.level.value,
                "logsource": str(rule.logsource),
                "author": rule.author,
                "techniques": list(rule.techniques),
                "path": rule.path,
            }
            for rule in ruleset.rules
        ),
        args,
    )
    return 0


def _lint(args: argparse.Namespace) -> int:
    paths = args.paths or [shipped_rules()]
    for path in paths:
        if not path.exists():
            raise AppError(ErrorKind.INVALID, "yaodun.rules_missing", place=str(path))
    ruleset = load_rules(paths)
    findings = lint(paths, ruleset)
    emit(
        (
            {
                "place": finding.place,
                "severity": finding.severity.value,
                "code": finding.code,
                "problem": finding.problem,
                "remedy": finding.remedy,
                "rule": finding.rule_id,
            }
            for finding in findings
        ),
        args,
    )
    failed = [finding for finding in findings if args.strict or finding.severity is Severity.ERROR]
    outcomes = [Outcome("lint", rule.path) for rule in ruleset.rules]
    outcomes += [Outcome("lint", one.place, f"{one.problem}; {one.remedy}") for one in failed]
    _junit(args, "lint", outcomes)
    return 1 if failed else 0


def _test(args: argparse.Namespace) -> int:
    paths = args.paths or [shipped_rules()]
    ruleset = _load(args, [*paths, *(args.rules or [])])
    verdicts = [try_case(ruleset, case) for case in read_cases(paths)]
    if not verdicts:
        raise AppError(ErrorKind.INVALID, "yaodun.no_cases", place=", ".join(map(str, paths)))
    emit(
        (
            {
                "rule": verdict.case.rule,
                "case": verdict.case.name,
                "passed": not verdict.problem,
                "problem": verdict.problem,
                "path": verdict.case.path,
            }
            for verdict in verdicts
        ),
        args,
    )
    _junit(args, "rules", [Outcome(one.case.rule, one.case.name, one.problem) for one in verdicts])
    return 1 if any(verdict.problem for verdict in verdicts) else 0


def _explain(args: argparse.Namespace) -> int:
    path = Path(args.rule)
    paths = [path] if path.is_file() else args.rules or [shipped_rules(), home_of(args).rules]
    ruleset = _load(args, [one for one in paths if one.exists()])
    number = 0 if path.is_file() else ruleset.find(args.rule)
    if number is None:
        raise AppError(ErrorKind.NOT_FOUND, "yaodun.rule_unknown", place=args.rule)
    explained = explain(ruleset, number, _event(args.event), EcsLens())
    emit_one(explained, args)
    return 1 if explained["matched"] else 0


def _event(path: Path) -> Event:
    """The one event of a file: a conformed document as it stands, any other record through the parsers."""
    if not path.exists():
        raise AppError(ErrorKind.INVALID, "yaodun.file_missing", place=str(path))
    reader = EventReader()
    for file in event_files(path):
        if file.name.endswith(".json") and (tree := _document(path)) is not None:
            return reader.read(orjson.dumps(tree) + b"\n", 1, file).events[0]
        for block in reader.blocks(file):
            for event in block.events:
                return event
    raise AppError(ErrorKind.INVALID, "yaodun.event_unreadable", place=str(path))


def _document(path: Path) -> dict[str, Any] | None:
    try:
        tree = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError:
        return None
    return tree if isinstance(tree, dict) else None


def _backtest(args: argparse.Namespace) -> int:
    rules, files = apart(args.paths, [])
    ruleset = _load(args, rules)
    if files:
        rows: Sequence[Hits] = backtest_files(ruleset, files)
    else:
        site = existing_site(home_of(args))
        window = backtest_window(args.start, args.end, site.clock.now())
        rows = backtest_store(ruleset, site.open_store(read_only=True), window).rows
    emit((msgspec.to_builtins(row) for row in rows), args)
    _junit(args, "backtest", [Outcome("backtest", row.title) for row in rows])
    return 1 if rows else 0


def _coverage(args: argparse.Namespace) -> int:
    rules, files = apart(args.paths, [])
    named = any(path in args.paths for path in rules)
    ruleset = _load(args, rules) if named else _in_force(args)
    watch = Watch(ruleset)
    reader = EventReader()
    for path in files:
        for file in event_files(path):
            for block in reader.blocks(file):
                watch.see(block.events)
    if not files:
        for events in _recent(args):
            watch.see(events)
    emit(
        (
            {"logsource": row.logsource, "rules": row.rules, "seen": row.seen, "wants": list(row.wants)}
            for row in watch.report()
        ),
        args,
    )
    blind = watch.blind()
    complain(orjson.dumps({"rules": len(ruleset.rules), "blind": len(blind)}).decode())
    if args.layer:
        args.layer.write_bytes(orjson.dumps(navigator_layer(ruleset, "药盾"), option=orjson.OPT_INDENT_2))
    return 1 if blind else 0


def _recent(args: argparse.Namespace) -> Iterator[list[Event]]:
    """Events of this site's store, where there is a site."""
    home = home_of(args)
    if home.settings.exists() or home.events.exists():
        site = existing_site(home)
        yield from stored_events(site.open_store(read_only=True), None, None, site.clock.now(), most=200_000)


def _import(args: argparse.Namespace) -> int:
    """Copy what loads; rules that fail stay outside, with the reason."""
    target = home_of(args).rules
    rows = []
    for path in args.paths:
        if not path.exists():
            raise AppError(ErrorKind.INVALID, "yaodun.rules_missing", place=str(path))
        ruleset = load_rules([path])
        for failure in ruleset.failures:
            complain(str(failure))
        broken = {failure.place.rsplit(":", 2)[0] for failure in ruleset.failures}
        base = path if path.is_dir() else path.parent
        for file in sorted({rule.path for rule in ruleset.rules} - broken):
            into = target / path.resolve().name / Path(file).relative_to(base) if path.is_dir() else target / path.name
            rows.append({"from": file, "to": str(into)})
            if not args.dry_run:
                into.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                shutil.copyfile(file, into)
    emit(rows, args)
    return 0 if rows else 1


def _junit(args: argparse.Namespace, suite: str, outcomes: list[Outcome]) -> None:
    if args.junit:
        args.junit.write_text(junit(suite, outcomes), encoding="utf-8")


_ACTIONS: dict[str, Callable[[argparse.Namespace], int]] = {
    "list": _list,
    "lint": _lint,
    "test": _test,
    "explain": _explain,
    "backtest": _backtest,
    "coverage": _coverage,
    "import": _import,
    **rules_site.ACTIONS,
}
