"""``yaodun trust ca ...``: master key, authorities, approvers. At the signer's own console."""

from __future__ import annotations

import argparse
import base64
from pathlib import Path
from typing import Any

from infra.errors import AppError, ErrorKind
from trust.ca.found import Foundation
from trust.crypto.algorithm import load_key
from trust.keys.seams import KeyKind
from trust.validation.certificate import read_certificate
from trust.validation.read import pem_blocks
from yaodun.terminal import command, emit, emit_one
from yaodun.trust.signing import local_core, share_option, signer
from yaodun.trust.verify import read_file

CONSOLE = "console"


def pem(label: str, der: bytes) -> str:
    """PEM with lines of 64 characters."""
    text = base64.b64encode(der).decode()
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])


def add_ca(actions: Any) -> None:
    """Declare ``ca`` with its actions."""
    parser = command(actions, "ca", "the site's own authorities", "yaodun trust ca list")
    ways = parser.add_subparsers(dest="way", required=True, metavar="init|create|list|export|approver")
    init = command(ways, "init", "make the master key; prints its shares once", "yaodun trust ca init -m 2 -n 3")
    init.add_argument("-m", "--threshold", type=int, default=2)
    init.add_argument("-n", "--shares", type=int, default=3)
    create = command(
        ways,
        "create",
        "found an authority",
        'yaodun trust ca create root --subject "CN=Root, O=X, C=CN" --share @s1',
    )
    create.add_argument("name")
    create.add_argument("--subject", required=True, metavar="CN=..., O=..., C=CN")
    create.add_argument("--kind", choices=[str(kind) for kind in KeyKind], default=str(KeyKind.SM2))
    create.add_argument("--parent", metavar="CA", help="its authority; none: a root")
    create.add_argument("--point", action="append", default=[], metavar="URL", help="where its list is published")
    create.add_argument("--partitions", type=int, default=1)
    create.add_argument("--days", type=int, default=0)
    share_option(create)
    command(ways, "list", "all authorities, and where their keys lie", "yaodun trust ca list")
    export = command(ways, "export", "an authority's certificate", "yaodun trust ca export root --out root.pem")
    export.add_argument("name")
    export.add_argument("--out", type=Path, metavar="FILE")
    approver = command(
        ways, "approver", "let someone approve requests", "yaodun trust ca approver wang --key wang.pub.pem"
    )
    approver.add_argument("name")
    approver.add_argument("--key", type=Path, required=True, metavar="FILE", help="public key or certificate, PEM")


def run_ca(args: argparse.Namespace) -> int:
    """Do it; 0 when done."""
    {"init": _init, "create": _create, "list": _list, "export": _export, "approver": _approver}[args.way](args)
    return 0


def _init(args: argparse.Namespace) -> None:
    with local_core(args) as core:
        shares = core.keys.initialise(args.threshold, args.shares)
    emit([{"share": number, "text": text} for number, text in enumerate(shares, 1)], args)


def _create(args: argparse.Namespace) -> None:
    given = Foundation(
        name=args.name,
        subject=args.subject,
        kind=KeyKind(args.kind),
        points=tuple(args.point),
        partitions=args.partitions,
        days=args.days,
    )
    with local_core(args) as core:
        if args.parent:
            made = core.founder.subordinate(core.founder.load(args.parent), given, CONSOLE)
        else:
            made = core.founder.root(given, CONSOLE)
        core.carry()
        emit_one(
            {
                "id": made.id,
                "name": made.name,
                "subject": made.certificate.label,
                "fingerprint": made.certificate.fingerprint,
                "custody": str(made.key.custody),
            },
            args,
        )


def _list(args: argparse.Namespace) -> None:
    with signer(args) as ask:
        rows = [{key: value for key, value in row.items() if key != "certificate"} for row in ask("authorities")]
    emit(rows, args)


def _export(args: argparse.Namespace) -> None:
    with signer(args) as ask:
        found = [row for row in ask("authorities") if args.name in (row["id"], row["name"])]
    if not found:
        raise AppError(ErrorKind.NOT_FOUND, "trust.ca.no_authority", authority=args.name)
    write_pem(args.out, "CERTIFICATE", base64.b64decode(found[0]["certificate"]))


def write_pem(out: Path | None, label: str, der: bytes) -> None:
    """PEM into a file, or onto the terminal."""
    if out is None:
        print(pem(label, der), end="")
    else:
        out.write_text(pem(label, der), encoding="ascii")


def public_key_of(path: Path) -> bytes:
    """SubjectPublicKeyInfo of a public key or certificate in PEM; ``AppError(INVALID)``."""
    for label, der in pem_blocks(read_file(path)):
        if label == "PUBLIC KEY" and load_key(der) is not None:
            return der
        if label == "CERTIFICATE":
            return read_certificate(der).spki
    raise AppError(ErrorKind.INVALID, "yaodun.trust.no_public_key", place=str(path))


def _approver(args: argparse.Namespace) -> None:
    spki = public_key_of(args.key)
    with local_core(args) as core:
        core.desk.add_approver(args.name, spki, CONSOLE)
        core.carry()
    emit_one({"approver": args.name}, args)
