"""``yaodun trust ca ...``: master key, authorities, approvers. At the signer's own console."""

from __future__ import annotations

import argparse
import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

from infra.errors import AppError, ErrorKind
from trust.crypto.algorithm import load_key
from trust.keys.seams import KeyKind
from trust.keys.software import SoftwareKeys
from trust.validation.certificate import read_certificate
from trust.validation.read import pem_blocks
from yaodun.terminal import command, emit, emit_one, home_of
from yaodun.trust.places import pki_of
from yaodun.trust.signing import fetch, share_option, share_text, signer
from yaodun.trust.verify import read_file


def pem(label: str, der: bytes) -> str:
    """PEM with lines of 64 characters."""
    text = base64.b64encode(der).decode()
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])


def add_ca(actions: Any) -> None:
    """Declare ``ca`` with its actions."""
    parser = command(actions, "ca", "the site's own authorities", "yaodun trust ca list")
    ways = parser.add_subparsers(dest="way", required=True, metavar="ACTION")
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
    _scopes(create)
    share_option(create)
    rekey = command(
        ways, "rekey", "a new key under the old name", "yaodun trust ca rekey issuing --share @s1 --share @s2"
    )
    rekey.add_argument("name")
    share_option(rekey)
    cross = command(
        ways, "cross", "certify another authority under ours", "yaodun trust ca cross root partner.pem --share @s1"
    )
    cross.add_argument("name")
    cross.add_argument("certificate", type=Path, metavar="FILE")
    cross.add_argument("--out", type=Path, metavar="FILE")
    _scopes(cross)
    share_option(cross)
    unlock = command(ways, "unlock", "open the running signer's keys", "yaodun trust ca unlock --share @s1 --share @s2")
    share_option(unlock)
    seal = command(ways, "seal", "close them again", "yaodun trust ca seal --share @s1 --share @s2")
    share_option(seal)
    command(ways, "status", "sealed or open, and where the keys lie", "yaodun trust ca status")
    command(ways, "list", "all authorities, and where their keys lie", "yaodun trust ca list")
    export = command(ways, "export", "an authority's certificate", "yaodun trust ca export root --out root.pem")
    export.add_argument("name")
    export.add_argument("--out", type=Path, metavar="FILE")
    approver = command(
        ways, "approver", "let someone approve requests", "yaodun trust ca approver wang --key wang.pub.pem"
    )
    approver.add_argument("name")
    approver.add_argument("--key", type=Path, metavar="FILE", help="public key or certificate, PEM")
    approver.add_argument("--drop", action="store_true", help="their approvals stop counting")
    share_option(approver)


def _scopes(parser: argparse.ArgumentParser) -> None:
    words = "name constraint such as dns:example.cn or dn:O=X, C=CN"
    parser.add_argument("--permit", action="append", default=[], metavar="SCOPE", help=words)
    parser.add_argument("--exclude", action="append", default=[], metavar="SCOPE", help=words)


def run_ca(args: argparse.Namespace) -> int:
    """Do it; 0 when done."""
    WAYS[args.way](args)
    return 0


def _init(args: argparse.Namespace) -> None:
    home = home_of(args)
    home.prepare()
    shares = SoftwareKeys(pki_of(home) / "keys").initialise(args.threshold, args.shares)
    emit([{"share": number, "text": text} for number, text in enumerate(shares, 1)], args)


def _create(args: argparse.Namespace) -> None:
    given = {
        "name": args.name,
        "subject": args.subject,
        "kind": args.kind,
        "parent": args.parent or "",
        "points": args.point,
        "partitions": args.partitions,
        "days": args.days,
        "permitted": args.permit,
        "excluded": args.exclude,
    }
    emit_one(console(args, "found", **given), args)


def console(args: argparse.Namespace, work: str, **arguments: Any) -> dict[str, Any]:
    """Have the signer do what needs shareholders; their shares are typed or in files."""
    shares = [share_text(given) for given in args.share or []]
    with signer(args) as ask:
        done: dict[str, Any] = ask("console", work=work, shares=shares, arguments=arguments)
    return done


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
    if args.drop:
        emit_one(console(args, "drop_approver", name=args.name), args)
        return
    if args.key is None:
        raise AppError(ErrorKind.INVALID, "yaodun.trust.no_public_key", place="--key")
    spki = base64.b64encode(public_key_of(args.key)).decode()
    emit_one(console(args, "approver", name=args.name, spki=spki), args)


def _rekey(args: argparse.Namespace) -> None:
    emit_one(console(args, "rekey", authority=args.name), args)


def _cross(args: argparse.Namespace) -> None:
    found = [der for label, der in pem_blocks(read_file(args.certificate)) if label == "CERTIFICATE"]
    if not found:
        raise AppError(ErrorKind.INVALID, "yaodun.trust.no_public_key", place=str(args.certificate))
    encoded = base64.b64encode(found[0]).decode()
    scopes = {"permitted": args.permit, "excluded": args.exclude}
    made = console(args, "cross", authority=args.name, certificate=encoded, **scopes)
    with signer(args) as ask:
        write_pem(args.out, "CERTIFICATE", fetch(ask, made["intent"]))


def _unlock(args: argparse.Namespace) -> None:
    found: dict[str, Any] = {}
    with signer(args) as ask:
        for given in args.share or []:
            found = ask("unlock", share=share_text(given))
    emit_one(found, args)


def _seal(args: argparse.Namespace) -> None:
    emit_one(console(args, "seal"), args)


def _status(args: argparse.Namespace) -> None:
    with signer(args) as ask:
        emit_one(ask("status"), args)


WAYS: dict[str, Callable[[argparse.Namespace], None]] = {
    "init": _init, "create": _create, "list": _list, "export": _export, "approver": _approver, "rekey": _rekey,
    "cross": _cross, "unlock": _unlock, "seal": _seal, "status": _status,
}  # fmt: skip
