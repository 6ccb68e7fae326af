"""Signing an approval: what exactly is approved is shown, signed with the approver's own key, and handed in.

The request may lie with the signer of this machine, or behind the API of a platform elsewhere (``--server``).
"""

from __future__ import annotations

import argparse
import base64
import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from infra.clock import SystemClock, parse_rfc3339
from infra.errors import AppError, ErrorKind
from trust.approval.statement import CONTEXT, Decision, Statement
from trust.keys.uri import SigningKey, signing_key
from trust.trustlist.publish import to_sign
from trust.validation.challenge import PURPOSE
from yaodun.terminal import command, emit_one
from yaodun.trust.remote import Platform
from yaodun.trust.signing import signer
from yaodun.trust.verify import read_file

DRAFT, MATTER = "draft-", "apr-"


def options(parser: argparse.ArgumentParser) -> None:
    """What every way of approving takes."""
    parser.add_argument("request")
    parser.add_argument("--key", required=True, metavar="FILE|pkcs11:URI", help="the approver's own key")
    parser.add_argument("--as", dest="person", required=True, metavar="NAME", help="the approver")
    parser.add_argument("--password-file", type=Path, metavar="FILE", help="password of an encrypted key file")
    parser.add_argument("--pin-file", type=Path, metavar="FILE", help="PIN of the token")
    parser.add_argument("--refuse", action="store_true", help="say no")
    parser.add_argument("--days", type=int, default=7, help="how long the approval of a request counts")
    parser.add_argument("--server", metavar="URL", help="a platform elsewhere; its token is in YAODUN_TOKEN")


def approve(args: argparse.Namespace) -> int:
    """Sign and hand in; prints what became of it."""
    key = signing_key(args.key, _secret(args.password_file), _secret(args.pin_file).decode())
    if args.request.startswith((DRAFT, MATTER)) or args.server:
        with Platform.of(args, os.environ.get("YAODUN_TOKEN", "")) as platform:
            emit_one(_remote(args, key, platform), args)
        return 0
    with signer(args) as ask:
        filed = next((row for row in ask("requests") if row["id"] == args.request), None)
        emit_one(ask("decide", **_signed(_request_statement(args, filed), key)), args)
    return 0


def _remote(args: argparse.Namespace, key: SigningKey, platform: Platform) -> Any:
    name: str = args.request
    if name.startswith(DRAFT):
        return _sign_draft(args, key, platform)
    if name.startswith(MATTER):
        statement = _matter_statement(args, platform.get(f"/api/v1/approvals/{name}"))
        return platform.post(f"/api/v1/approvals/{name}/decision", _signed(statement, key))
    rows = platform.get("/api/v1/pki/requests")
    filed = next((row for row in rows if row["id"] == name), None)
    return platform.post(f"/api/v1/pki/requests/{name}/decision", _signed(_request_statement(args, filed), key))


def _request_statement(args: argparse.Namespace, filed: dict[str, Any] | None) -> Statement:
    if filed is None:
        raise AppError(ErrorKind.NOT_FOUND, "trust.registration.no_request", request=args.request[:60])
    expires = SystemClock().now() + timedelta(days=args.days)
    return _statement(args, filed["id"], filed["sha256"], filed["authority"], filed["profile"], expires)


def _matter_statement(args: argparse.Namespace, matter: dict[str, Any]) -> Statement:
    expires = parse_rfc3339(matter["expires"], "expires")
    return _statement(args, matter["id"], matter["sha256"], matter["thing"], matter["kind"], expires)


def _statement(
    args: argparse.Namespace, request: str, sha256: str, authority: str, profile: str, expires: datetime
) -> Statement:
    decision = Decision.REFUSE if args.refuse else Decision.APPROVE
    return Statement(
        request=request, sha256=sha256, authority=authority, profile=profile, approver=args.person, decision=decision,
        expires=expires,
    )  # fmt: skip


def _signed(statement: Statement, key: SigningKey) -> dict[str, str]:
    body = statement.canonical()
    return {"statement": _encode(body), "signature": _encode(key.sign(CONTEXT + body))}


def _sign_draft(args: argparse.Namespace, key: SigningKey, platform: Platform) -> dict[str, Any]:
    place = f"/api/v1/trust/drafts/{args.request}"
    draft = platform.get(place)
    signature = key.sign(to_sign(base64.b64decode(draft["body"])))
    done = platform.post(f"{place}/signatures", {"publisher": args.person, "signature": _encode(signature)})
    return {name: value for name, value in done.items() if name != "body"}


def _secret(path: Path | None) -> bytes:
    return read_file(path).rstrip(b"\r\n") if path else b""


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode()


def add_answer(actions: Any) -> None:
    """Declare ``answer``."""
    parser = command(
        actions, "answer", "sign the text of a sign-in page", "yaodun trust answer text.txt --key card.key"
    )
    parser.add_argument("text", type=Path, metavar="FILE", help="the challenge, as the sign-in page shows it")
    parser.add_argument("--key", required=True, metavar="FILE|pkcs11:URI")
    parser.add_argument("--password-file", type=Path, metavar="FILE")
    parser.add_argument("--pin-file", type=Path, metavar="FILE")


def run_answer(args: argparse.Namespace) -> int:
    """Print the signature in base64; refuses to sign anything but a challenge."""
    text = read_file(args.text, 4096).replace(b"\r\n", b"\n").rstrip(b"\n")
    if not text.startswith(f"{PURPOSE}\n".encode()):
        raise AppError(ErrorKind.INVALID, "yaodun.trust.no_challenge", place=str(args.text))
    key = signing_key(args.key, _secret(args.password_file), _secret(args.pin_file).decode())
    print(_encode(key.sign(text)))
    return 0
