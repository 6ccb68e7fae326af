"""``yaodun filing``: export and import the six tables of the filing form, and say what is missing."""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from infra.blobs import FolderBlobs
from infra.clock import SystemClock
from infra.errors import AppError, ErrorKind
from infra.records import Records, open_records
from infra.records.migrate import migrate
from infra.web.seams import Actor
from ops.filing.exchange import read_any
from ops.filing.form import Form, shipped_form
from ops.filing.importing import take_in
from ops.filing.papers import Papers
from ops.filing.service import Filings
from ops.filing.validate import problems
from ops.filing.word import default_template
from yaodun.terminal import command, emit, emit_one, home_of
from yaodun.trust.package_seal import PackageSeal, site_seal
from yaodun.trust.places import pki_of
from yaodun.trust.signing import signer

LARGEST_FILE = 64 << 20


def add(commands: Any) -> None:
    """Declare the command and its actions."""
    parser = command(commands, "filing", "the police filing form", "yaodun filing export F1 --kind docx")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    export = command(actions, "export", "write a filing", "yaodun filing export F1 --kind package --out f1.zip")
    export.add_argument("id", metavar="ID")
    export.add_argument("--kind", choices=("docx", "xlsx", "json", "package"), default="json")
    export.add_argument("--out", type=Path, metavar="FILE", help="default: standard output")
    read = command(actions, "import", "read a filing into a new draft", "yaodun filing import form.docx --unit U1")
    read.add_argument("file", type=Path, metavar="FILE", help="docx, xlsx, JSON or package")
    read.add_argument("--unit", default="", help="unit the filing belongs to")
    read.add_argument("--check", action="store_true", help="only say what is wrong; keep nothing")
    template = command(actions, "template", "write the shipped Word template", "yaodun filing template --out t.docx")
    template.add_argument("--out", type=Path, metavar="FILE", required=True)


def run(args: argparse.Namespace) -> int:
    """Exit 1 when an imported filing has problems."""
    form = shipped_form()
    if args.action == "template":
        args.out.write_bytes(default_template(form))
        return 0
    return _export(args, form) if args.action == "export" else _import(args, form)


def _records(args: argparse.Namespace) -> Records:
    home = home_of(args)
    home.prepare()
    records = open_records(home.records)
    migrate(records.engine)
    return records


def _export(args: argparse.Namespace, form: Form) -> int:
    records = _records(args)
    try:
        document = Filings(records, SystemClock(), form).get(args.id).document
    finally:
        records.close()
    home = home_of(args)
    with signer(args) if args.kind == "package" else nullcontext() as ask:
        seal = PackageSeal(ask, pki_of(home)) if ask else None
        papers = Papers(form, FolderBlobs(home.blobs), SystemClock(), seal, home.root / "templates")
        data = papers.write(document, args.kind)
    if args.out:
        args.out.write_bytes(data)
        digest = hashlib.sha256(data).hexdigest()
        emit_one({"id": args.id, "kind": args.kind, "file": str(args.out), "sha256": digest}, args)
    else:
        sys.stdout.buffer.write(data)
    return 0


def _import(args: argparse.Namespace, form: Form) -> int:
    raw, place = _bounded(args.file), str(args.file)
    document = read_any(raw, form, place, site_seal(home_of(args))).document
    found = problems(document, form, SystemClock().now().date())
    if not args.check:
        _keep(args, raw, place, form)
    emit(({"place": p.place, "kind": p.kind, "problem": p.text} for p in found), args)
    return 1 if found else 0


def _keep(args: argparse.Namespace, raw: bytes, place: str, form: Form) -> None:
    records, home = _records(args), home_of(args)
    try:
        actor = Actor(id=f"uid:{os.getuid()}", name=f"uid {os.getuid()}", kind="command")
        filings = Filings(records, SystemClock(), form)
        take_in(filings, FolderBlobs(home.blobs), actor, args.unit, raw, place, site_seal(home))
    finally:
        records.close()


def _bounded(path: Path) -> bytes:
    try:
        size = path.stat().st_size
    except OSError as error:
        raise AppError(ErrorKind.INVALID, "ops.grading.unreadable", place=str(path), problem=error.strerror) from None
    if size > LARGEST_FILE:
        raise AppError(ErrorKind.TOO_LARGE, "ops.documents.too_large", place=str(path), limit=LARGEST_FILE)
    return path.read_bytes()
