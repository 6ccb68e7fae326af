"""``yaodun audit verify|export``: was anything in the ledger altered, and where."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import msgspec

from infra.errors import AppError, ErrorKind
from infra.ledger import Ledger, Report
from infra.ledger.export import examine_export, export
from infra.ledger.witness import read_witnessed
from infra.records import Records
from infra.text import language, say
from trust.audit.checkpoint import read_checkpoints
from trust.audit.digest import digest_page
from trust.audit.kept import checkpoint_of
from trust.audit.prove import check_proof, make_proof
from yaodun.site import existing_site
from yaodun.terminal import command, complain, emit, emit_one, home_of


def add(commands: Any) -> None:
    """Declare the command."""
    parser = command(
        commands,
        "audit",
        "verify or export the ledger of all changes",
        "yaodun audit verify ledger.txt --witness heads.txt",
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="verify|prove|digest|export")
    verify = command(actions, "verify", "say what was altered and where", "yaodun audit verify ledger.txt")
    verify.add_argument("export", nargs="?", type=Path, metavar="EXPORT", help="exported ledger (default: this site's)")
    verify.add_argument(
        "--witness",
        type=Path,
        metavar="FILE",
        help="heads kept elsewhere: lines of SIZE SHA256, or head lines of an export",
    )
    verify.add_argument(
        "--checkpoints", type=Path, metavar="FILE", help="signed checkpoints; both signatures of each must hold"
    )
    verify.add_argument(
        "--key", action="append", default=[], metavar="SHA256", help="fingerprint of a key checkpoints must be by"
    )
    verify.add_argument("--proof", type=Path, metavar="FILE", help="check this proof alone, without any ledger")
    prove = command(actions, "prove", "a proof of one entry that travels", "yaodun audit prove 17 --out proof.json")
    prove.add_argument("leaf", type=int, metavar="LEAF")
    prove.add_argument("--since", type=int, metavar="SIZE", help="also that the ledger of SIZE is its beginning")
    prove.add_argument("--out", type=Path, metavar="FILE")
    digest = command(actions, "digest", "the day's page to print", "yaodun audit digest > page.txt")
    digest.add_argument("--size", type=int, metavar="SIZE", help="of this checkpoint (default: the newest)")
    written = command(actions, "export", "write the ledger to one file", "yaodun audit export ledger.txt")
    written.add_argument("file", type=Path, metavar="FILE")


def run(args: argparse.Namespace) -> int:
    """Exit 1 when something was altered, 0 when all is as it was written."""
    if args.action == "export":
        return _with_records(args, lambda records: _export(records, args))
    if args.action == "prove":
        return _with_records(args, lambda records: _prove(records, args))
    if args.action == "digest":
        return _with_records(args, lambda records: _digest(records, args))
    keys = frozenset(key.replace(" ", "").replace(":", "").lower() for key in args.key)
    if args.proof:
        return _check_proof(args, keys)
    witnessed = read_witnessed(args.witness) if args.witness else {}
    if args.checkpoints:
        witnessed = {**read_checkpoints(args.checkpoints, keys), **witnessed}
    if args.export:
        if not args.export.is_file():
            raise AppError(ErrorKind.INVALID, "infra.ledger.no_export", place=str(args.export))
        return _tell(examine_export(args.export, witnessed), args)
    own = home_of(args).state / "witness" / "heads.txt"
    if not witnessed and own.exists():
        witnessed = read_witnessed(own)
    return _with_records(args, lambda records: _tell(Ledger(records).verify(witnessed), args))


def _with_records(args: argparse.Namespace, work: Any) -> int:
    site = existing_site(home_of(args))
    try:
        return int(work(site.records))
    finally:
        site.records.close()


def _prove(records: Records, args: argparse.Namespace) -> int:
    checkpoint = checkpoint_of(records, None)
    earlier = checkpoint_of(records, args.since) if args.since else None
    proof = make_proof(Ledger(records), args.leaf, checkpoint, earlier)
    if args.out:
        args.out.write_bytes(msgspec.json.encode(proof))
    else:
        emit_one(proof, args)
    return 0


def _check_proof(args: argparse.Namespace, keys: frozenset[str]) -> int:
    """0 where it proves what it says; else 1 and why."""
    try:
        proof = msgspec.json.decode(args.proof.read_bytes())
        emit_one(check_proof(proof, keys), args)
        return 0
    except (OSError, msgspec.DecodeError):
        raise AppError(ErrorKind.INVALID, "trust.audit.proof_malformed") from None
    except AppError as error:
        complain(str(error))
        return 1


def _digest(records: Records, args: argparse.Namespace) -> int:
    print(digest_page(checkpoint_of(records, args.size), language()), end="")
    return 0


def _export(records: Records, args: argparse.Namespace) -> int:
    emit_one({"file": str(args.file), "leaves": export(records, args.file)}, args)
    return 0


def _tell(report: Report, args: argparse.Namespace) -> int:
    """Findings as rows, then the summary on stderr; a clean ledger is one row."""
    emit([_row(finding) for finding in report.findings] or [_summary(report)], args)
    complain(_words(report))
    return 0 if report.clean else 1


def _row(finding: Any) -> dict[str, Any]:
    detail = msgspec.to_builtins(finding)
    return {**detail, "text": say(f"infra.ledger.finding.{finding.kind}", **detail)}


def _summary(report: Report) -> dict[str, Any]:
    return {**msgspec.to_builtins(report), "clean": report.clean}


def _words(report: Report) -> str:
    if report.clean:
        return say("infra.ledger.clean", **msgspec.to_builtins(report))
    return say("infra.ledger.altered", found=len(report.findings), leaves=report.leaves)
