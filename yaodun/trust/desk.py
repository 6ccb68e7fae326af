"""``yaodun trust request|approve|issue|revoke|crl``: from request to certificate and back, by command."""

from __future__ import annotations

import argparse
import base64
from pathlib import Path
from typing import Any

from infra.errors import AppError, ErrorKind
from trust.ca.crl import REASON_CODES
from trust.keys import material
from trust.validation.read import pem_blocks
from yaodun.terminal import command, emit, emit_one
from yaodun.trust import approving
from yaodun.trust.authorities import write_pem
from yaodun.trust.signing import fetch, share_option, signer
from yaodun.trust.verify import read_file


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode()


def add_request(actions: Any) -> None:
    """Declare ``request``."""
    parser = command(actions, "request", "certificate requests", "yaodun trust request list")
    ways = parser.add_subparsers(dest="way", required=True, metavar="submit|list")
    submit = command(
        ways, "submit", "file a request", "yaodun trust request submit pump.csr --ca issuing --profile device --as li"
    )
    submit.add_argument("csr", type=Path, metavar="FILE", help="PKCS#10 in PEM or DER")
    submit.add_argument("--ca", required=True)
    submit.add_argument("--profile", required=True)
    submit.add_argument("--as", dest="person", required=True, metavar="NAME")
    submit.add_argument("--subject", default="")
    submit.add_argument("--name", action="append", default=[])
    command(ways, "list", "requests and where they stand", "yaodun trust request list")


def run_request(args: argparse.Namespace) -> int:
    """File or list."""
    with signer(args) as ask:
        if args.way == "list":
            emit(ask("requests"), args)
            return 0
        filed = ask(
            "submit",
            csr=_encode(read_file(args.csr)),
            authority=args.ca,
            profile=args.profile,
            asker=args.person,
            subject=args.subject,
            names=args.name,
        )
    emit_one(filed, args)
    return 0


def add_approve(actions: Any) -> None:
    """Declare ``approve``: the same as ``yaodun approve``."""
    parser = command(
        actions, "approve", "sign an approval of a request", "yaodun trust approve req-01J... --key wang.key --as wang"
    )
    approving.options(parser)


def run_approve(args: argparse.Namespace) -> int:
    """Sign it, hand it in."""
    return approving.approve(args)


def private_key_of(path: Path, password_file: Path | None) -> Any:
    """The private key of a PEM file, opened with the password of another file where it is encrypted."""
    for label, der in pem_blocks(read_file(path)):
        if label == "ENCRYPTED PRIVATE KEY":
            password = read_file(password_file).rstrip(b"\r\n") if password_file else b""
            return material.open_pkcs8(der, password)
        if label.endswith("PRIVATE KEY"):
            return material.from_pkcs8(der)
    raise AppError(ErrorKind.INVALID, "trust.keys.key_unreadable")


def add_issue(actions: Any) -> None:
    """Declare ``issue``."""
    parser = command(actions, "issue", "issue an approved request", "yaodun trust issue req-01J --as wang --out c.pem")
    parser.add_argument("request")
    parser.add_argument("--as", dest="person", required=True, metavar="NAME")
    parser.add_argument("--out", type=Path, metavar="FILE")
    share_option(parser)


def run_issue(args: argparse.Namespace) -> int:
    """Issue, wait until the ledger has it, hand it out."""
    with signer(args) as ask:
        issued = ask("issue", request=args.request, actor=args.person)
        der = fetch(ask, issued["intent"])
    write_pem(args.out, "CERTIFICATE", der)
    return 0


def add_renew(actions: Any) -> None:
    """Declare ``renew``."""
    parser = command(
        actions, "renew", "file a request that replaces a certificate", "yaodun trust renew 5f3a --ca issuing --as li"
    )
    parser.add_argument("serial", help="hexadecimal")
    parser.add_argument("--ca", required=True)
    parser.add_argument("--csr", type=Path, metavar="FILE", help="a new key (rekey); none: the key stays")
    parser.add_argument("--as", dest="person", required=True, metavar="NAME")


def run_renew(args: argparse.Namespace) -> int:
    """File it; approval and issue follow as for any request."""
    csr = ""
    if args.csr:
        data = read_file(args.csr)
        blocks = [der for label, der in pem_blocks(data) if label.endswith("CERTIFICATE REQUEST")]
        csr = _encode(blocks[0] if blocks else data)
    with signer(args) as ask:
        emit_one(ask("renew", authority=args.ca, serial=args.serial, asker=args.person, csr=csr), args)
    return 0


def add_revoke(actions: Any) -> None:
    """Declare ``revoke``."""
    parser = command(
        actions, "revoke", "take a certificate back and publish", "yaodun trust revoke 5f3a --ca issuing --as wang"
    )
    parser.add_argument("serial", help="hexadecimal")
    parser.add_argument("--ca", required=True)
    parser.add_argument("--reason", choices=list(REASON_CODES), default="unspecified")
    parser.add_argument("--as", dest="person", required=True, metavar="NAME")
    parser.add_argument("--out", type=Path, metavar="FILE", help="the new list")
    share_option(parser)


def run_revoke(args: argparse.Namespace) -> int:
    """Revoke; the new list goes to ``--out``."""
    with signer(args) as ask:
        found = ask("revoke", authority=args.ca, serial=args.serial, reason=args.reason, actor=args.person)
    write_pem(args.out, "X509 CRL", base64.b64decode(found["crl"]))
    return 0


def add_crl(actions: Any) -> None:
    """Declare ``crl``."""
    parser = command(actions, "crl", "publish an authority's list", "yaodun trust crl issuing --out issuing.crl")
    parser.add_argument("ca")
    parser.add_argument("--delta", action="store_true")
    parser.add_argument("--partition", type=int, default=0)
    parser.add_argument("--as", dest="person", default="console", metavar="NAME")
    parser.add_argument("--out", type=Path, metavar="FILE")
    share_option(parser)


def run_crl(args: argparse.Namespace) -> int:
    """Publish the next list."""
    with signer(args) as ask:
        found = ask("publish", authority=args.ca, actor=args.person, partition=args.partition, delta=args.delta)
    write_pem(args.out, "X509 CRL", base64.b64decode(found["crl"]))
    return 0
