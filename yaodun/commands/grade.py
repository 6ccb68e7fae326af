"""``yaodun grade FILE``: protection levels of the objects in a file by both matrices, and the rules they break."""

from __future__ import annotations

import argparse
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from infra.errors import AppError, ErrorKind
from infra.text import say
from ops.grading.engine import Grading, Result, grade, shipped_matrices
from ops.grading.reading import read_objects
from ops.grading.report import grading_report
from ops.grading.validators import Severity
from yaodun.terminal import command, emit


def add(commands: Any) -> None:
    """Declare the command."""
    parser = command(commands, "grade", "grade objects by both matrices", "yaodun grade objects.yaml --report out/")
    parser.add_argument("file", type=Path, metavar="FILE", help="YAML or JSON with one object or objects: [...]")
    parser.add_argument("--at", metavar="DAY", help="day whose matrix decides (default: today)")
    parser.add_argument("--report", type=Path, metavar="DIR", help="also write a grading report (docx) per object")


def run(args: argparse.Namespace) -> int:
    """Exit 1 when a rule is broken, 0 when all are kept."""
    day = _day(args.at)
    gradings = [grade(thing, day) for thing in read_objects(args.file)]
    emit([_row(grading) for grading in gradings], args)
    if args.report:
        for index, grading in enumerate(gradings):
            _write(args.report, index, grading)
    broken = any(v.severity is Severity.ERROR for grading in gradings for v in grading.violations)
    return 1 if broken else 0


def _day(text: str | None) -> date:
    try:
        return date.fromisoformat(text) if text else datetime.now(UTC).date()
    except ValueError:
        raise AppError(ErrorKind.INVALID, "infra.time_malformed", place="--at", text=text) from None


def _row(grading: Grading) -> dict[str, Any]:
    decisive = grading.decisive
    return {
        "object": grading.object.name,
        "kind": grading.object.kind,
        "out_of_scope": grading.out_of_scope,
        "s": decisive.s if decisive else None,
        "a": decisive.a if decisive else None,
        "g": decisive.g if decisive else None,
        "level": decisive.g if decisive else None,
        "label": decisive.label if decisive else say("ops.grading.classified"),
        "decided_by": decisive.matrix if decisive else None,
        "matrices": {result.matrix: _levels(result) for result in grading.results},
        "differs": grading.differs,
        "violations": [_violation(item) for item in grading.violations],
    }


def _levels(result: Result) -> dict[str, Any]:
    levels = {"s": result.s, "a": result.a, "g": result.g, "label": result.label}
    return levels | {"violations": [_violation(item) for item in result.violations]}


def _violation(item: Any) -> dict[str, str]:
    return {"rule": item.rule, "severity": item.severity, "text": item.text}


def _write(folder: Path, index: int, grading: Grading) -> None:
    if grading.decisive is None:
        return
    matrix = next(m for m in shipped_matrices() if m.ref.version == grading.decisive.matrix)
    folder.mkdir(parents=True, exist_ok=True)
    safe = "".join(char if char.isalnum() else "_" for char in grading.object.name)[:80]
    (folder / f"{index + 1:03d}-{safe}.docx").write_bytes(grading_report(grading, matrix))
