"""``yaodun playbook validate`` and ``export``: what a document is worth, and the document in another writing."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from infra.errors import AppError, ErrorKind
from playbooks.model.finding import Level
from playbooks.model.jcs import canonical
from playbooks.model.judge import Verdict, judge
from playbooks.model.reading import read_file, to_json, to_yaml
from yaodun.terminal import command, emit, emit_one


def add_validate(actions: Any) -> None:
    """Declare ``validate``."""
    parser = command(actions, "validate", "judge playbooks; exit 1 on errors", "yaodun playbook validate block.yaml")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="CACAO 2.0 as JSON or YAML")
    parser.add_argument("--level", choices=("strict", "import"), default="import", help="strict: mend nothing")


def run_validate(args: argparse.Namespace) -> int:
    """Exit 1 where a file is rejected."""
    shown = [_judged(path, strict=args.level == "strict") for path in args.files]
    if len(shown) == 1:
        emit_one(shown[0], args)
    else:
        emit(shown, args)
    return 1 if any(each["level"] == Level.REJECT for each in shown) else 0


def _judged(path: Path, *, strict: bool) -> dict[str, Any]:
    try:
        return {"file": str(path), **judge(read_file(path), strict=strict).shown()}
    except AppError as error:
        if error.kind not in (ErrorKind.INVALID, ErrorKind.TOO_LARGE):
            raise
        code = error.message_key.rsplit(".", 1)[1].replace("_", "-")
        row = {"path": "", "code": code, "text": str(error)}
        return {"file": str(path), "level": str(Level.REJECT), "errors": [row], "repairs": []}


def add_export(actions: Any) -> None:
    """Declare ``export``."""
    parser = command(actions, "export", "write a playbook anew", "yaodun playbook export block.yaml --to json")
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--to", choices=("json", "yaml", "canonical"), default="json", help="canonical: RFC 8785")
    parser.add_argument("--as-is", action="store_true", help="without the repairs of an import")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write there instead of to the output")


def run_export(args: argparse.Namespace) -> int:
    """The document, repaired where that is possible; a rejected one is refused."""
    tree = read_file(args.file)
    if not args.as_is:
        tree = accepted(args.file, judge(tree)).tree
    writers: dict[str, Callable[[dict[str, Any]], str]] = {
        "json": to_json,
        "yaml": to_yaml,
        "canonical": lambda each: canonical(each).decode(),
    }
    text = writers[args.to](tree)
    if args.out:
        args.out.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)
    return 0


def accepted(path: Path, verdict: Verdict) -> Verdict:
    """The verdict, unless it is a rejection: ``AppError(INVALID)`` with the first defect."""
    if verdict.level is Level.REJECT:
        first = verdict.errors[0]
        place = f"{path}{first.pointer}"
        raise AppError(
            ErrorKind.INVALID, "playbooks.rejected", place=place, problem=first.text, more=len(verdict.errors) - 1
        )
    return verdict
