"""``yaodun trust verify`` and ``yaodun trust replay``: may this be believed, and does the evidence say so again?"""

from __future__ import annotations

import argparse
import hashlib
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from infra.clock import SystemClock, parse_rfc3339, rfc3339
from infra.errors import AppError, ErrorKind
from infra.text import language
from trust.crypto.curve import DEFAULT_ID
from trust.trustlist.entry import Purpose
from trust.trustlist.recognise import from_bundle, recognise
from trust.validation.evidence import MAX_BUNDLE, replay, verify
from trust.validation.profile import ProfileName
from trust.validation.request import Document, Request, gather
from trust.validation.verdict import Outcome, Verdict
from yaodun.terminal import command, emit_one, is_terminal

EXIT = {Outcome.VALID: 0, Outcome.INVALID: 1, Outcome.INDETERMINATE: 3}
MAX_FILE = 300 << 20


def add_verify(actions: Any) -> None:
    """Declare ``verify``."""
    parser = command(
        actions,
        "verify",
        "judge a certificate, a signed message or a bare signature",
        "yaodun trust verify leaf.pem intermediate.pem --anchors roots.pem --crl ca.crl --name shop.example.cn",
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="the object first, then its pool")
    parser.add_argument("--anchors", type=Path, metavar="FILE", help="trusted authorities (default: the trust list)")
    parser.add_argument("--crl", type=Path, action="append", default=[], metavar="FILE")
    parser.add_argument("--ocsp", type=Path, action="append", default=[], metavar="FILE")
    parser.add_argument("--at", metavar="T", help="moment to judge, RFC 3339 (default: now)")
    parser.add_argument("--name", metavar="DNS|IP|MAIL", help="host, address or mailbox it must be for")
    parser.add_argument("--usage", metavar="EKU", help="server, client, code, email, timestamp, ocsp or an OID")
    parser.add_argument("--policy", action="append", default=[], metavar="OID")
    parser.add_argument("--require-explicit-policy", action="store_true")
    parser.add_argument("--inhibit-policy-mapping", action="store_true")
    parser.add_argument("--inhibit-any-policy", action="store_true")
    parser.add_argument("--max-depth", type=_depth, metavar="N", help="intermediate authorities allowed")
    parser.add_argument(
        "--profile",
        choices=[str(name) for name in ProfileName],
        default=str(ProfileName.PATH),
        help="path: RFC 5280 section 6 (default); rfc5280: its certificate profile too; webpki; gm",
    )
    parser.add_argument("--content", type=Path, metavar="FILE", help="what was signed, where it is not in the message")
    parser.add_argument("--sm2-id", metavar="TEXT", help="SM2 user id ('' for none; default 1234567812345678)")
    parser.add_argument("--purpose", choices=[str(one) for one in Purpose], help="what the list must accept it for")
    parser.add_argument("--min-level", type=int, choices=range(5), default=0, help="assurance level needed")
    parser.add_argument("--evidence", type=Path, metavar="FILE", help="write the evidence bundle to FILE as well")


def add_replay(actions: Any) -> None:
    """Declare ``replay``."""
    parser = command(
        actions, "replay", "judge again from an evidence bundle alone", "yaodun trust replay evidence.json"
    )
    parser.add_argument("bundle", type=Path, metavar="FILE")
    parser.add_argument("--with", dest="given", type=Path, action="append", default=[], metavar="FILE")


def _depth(text: str) -> int:
    value = int(text)
    if not 0 <= value <= 1000:
        raise argparse.ArgumentTypeError("0 to 1000")
    return value


def read_file(path: Path, limit: int = MAX_FILE) -> bytes:
    """The octets of a file; ``AppError(INVALID)`` where it is missing or too large."""
    try:
        if path.stat().st_size > limit:
            raise AppError(ErrorKind.INVALID, "yaodun.trust.file_too_large", place=str(path), limit=limit)
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or "unreadable"
        raise AppError(ErrorKind.INVALID, "yaodun.trust.file_unreadable", place=str(path), reason=reason) from None


def _document(path: Path) -> Document:
    return Document(str(path), read_file(path))


def _moment(text: str | None, now: datetime) -> datetime:
    return parse_rfc3339(text, "--at") if text else now


def request_of(args: argparse.Namespace) -> Request:
    """The request the arguments describe."""
    now = parse_rfc3339(rfc3339(SystemClock().now()))
    return Request(
        documents=tuple(_document(path) for path in args.files),
        now=now,
        at=_moment(args.at, now),
        anchors=_document(args.anchors) if args.anchors else None,
        crls=tuple(_document(path) for path in args.crl),
        responses=tuple(_document(path) for path in args.ocsp),
        content=read_file(args.content) if args.content else None,
        name=args.name,
        usage=args.usage,
        policies=tuple(args.policy),
        require_explicit=args.require_explicit_policy,
        inhibit_mapping=args.inhibit_policy_mapping,
        inhibit_any=args.inhibit_any_policy,
        max_depth=args.max_depth,
        profile=ProfileName(args.profile),
        purpose=args.purpose,
        min_level=args.min_level,
        sm2_id=DEFAULT_ID if args.sm2_id is None else args.sm2_id.encode(),
    )


def run_verify(args: argparse.Namespace) -> int:
    """0 valid, 1 invalid, 3 indeterminate."""
    request = request_of(args)
    if request.anchors is not None:
        verdict = verify(gather(request))
    else:
        from yaodun.trust.recognition import site_history

        verdict = recognise(site_history(args), request)
    if args.evidence:
        args.evidence.write_bytes(orjson.dumps(verdict.evidence, option=orjson.OPT_INDENT_2))
    tell(verdict, args)
    return EXIT[verdict.outcome]


def tell(verdict: Verdict, args: argparse.Namespace) -> None:
    """The verdict as words on a terminal, as one JSON document elsewhere."""
    if getattr(args, "format", None) in ("json", "ndjson") or not is_terminal():
        emit_one(verdict.plain(), args)
        return
    lines = [str(verdict.outcome), *(f"  {reason.code}: {reason.text(language())}" for reason in verdict.reasons)]
    lines += [f"  {'  ' * depth}{certificate.label}" for depth, certificate in enumerate(verdict.chain)]
    sys.stdout.write("\n".join(lines) + "\n")


def run_replay(args: argparse.Namespace) -> int:
    """The exit code of the verdict; 1 where the replay found another one than was recorded."""

    parts = [read_file(path) for path in args.given]
    try:
        evidence = orjson.loads(read_file(args.bundle, 2 * MAX_BUNDLE))
    except orjson.JSONDecodeError:
        raise AppError(ErrorKind.INVALID, "trust.validation.evidence_altered") from None
    found = replay(evidence, {hashlib.sha256(part).hexdigest(): part for part in parts}, from_bundle)
    answer = {"same": found.same, "recorded": found.recorded, **found.verdict.plain()}
    answer.pop("evidence")
    emit_one(answer, args)
    return EXIT[found.verdict.outcome] if found.same else 1
