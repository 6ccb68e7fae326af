"""``yaodun trust list show|prepare|sign|publish``: the trust list, signed by two people before it counts."""

from __future__ import annotations

import argparse
import base64
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from infra.clock import SystemClock, parse_rfc3339
from infra.errors import AppError, ErrorKind
from infra.ledger import Sequencer
from infra.records import Records, open_records
from infra.records.migrate import migrate
from trust.keys import material
from trust.trustlist.api import plain_entry
from trust.trustlist.entry import Entry, Publisher, Signature, SignedList, TrustList
from trust.trustlist.publish import History, ListStore, to_sign
from trust.trustlist.status import StatusStore, crl_issuers
from trust.validation.read import pem_blocks, read_anchors
from yaodun.settings import read_settings
from yaodun.terminal import command, emit, emit_one, home_of
from yaodun.trust.authorities import public_key_of
from yaodun.trust.desk import private_key_of
from yaodun.trust.verify import read_file


def add_list(actions: Any) -> None:
    """Declare ``list`` with its actions."""
    parser = command(actions, "list", "which authorities this site accepts", "yaodun trust list show")
    ways = parser.add_subparsers(dest="way", required=True, metavar="show|prepare|sign|publish")
    show = command(ways, "show", "the list in force", "yaodun trust list show --at 2023-05-01T00:00:00Z")
    show.add_argument("--at", metavar="T")
    prepare = command(
        ways,
        "prepare",
        "make the next version, unsigned",
        "yaodun trust list prepare entries.toml --publisher li=li.pem --publisher wang=wang.pem --out next.json",
    )
    prepare.add_argument("entries", type=Path, metavar="FILE", help="TOML with one [[entry]] for each authority")
    prepare.add_argument("--publisher", action="append", default=[], metavar="NAME=FILE")
    prepare.add_argument("--threshold", type=int, metavar="N")
    prepare.add_argument("--days", type=int, default=180, help="days until the next version must be out")
    prepare.add_argument("--out", type=Path, required=True, metavar="FILE")
    sign = command(ways, "sign", "add a publisher's signature", "yaodun trust list sign next.json --key li.key --as li")
    sign.add_argument("document", type=Path, metavar="FILE")
    sign.add_argument("--key", type=Path, required=True, metavar="FILE")
    sign.add_argument("--as", dest="person", required=True, metavar="NAME")
    sign.add_argument("--password-file", type=Path, metavar="FILE")
    publish = command(ways, "publish", "put the signed version into force", "yaodun trust list publish next.json")
    publish.add_argument("document", type=Path, metavar="FILE")
    publish.add_argument("--as", dest="person", default="console", metavar="NAME")


def run_list(args: argparse.Namespace) -> int:
    """Do it; 0 when done."""
    {"show": _show, "prepare": _prepare, "sign": _sign, "publish": _publish}[args.way](args)
    return 0


@contextmanager
def _records(args: argparse.Namespace) -> Iterator[Records]:
    home = home_of(args)
    home.prepare()
    records = open_records(read_settings(home.settings).records.url or home.records)
    try:
        migrate(records.engine)
        yield records
    finally:
        records.close()


def site_history(args: argparse.Namespace) -> History:
    """The history of this site; empty where there is no site."""
    home = home_of(args)
    url = read_settings(home.settings).records.url
    if not url and not home.records.exists():
        return History([])
    with _records(args) as records:
        return ListStore(records, SystemClock()).history()


def _show(args: argparse.Namespace) -> None:
    history = site_history(args)
    found = history.at(parse_rfc3339(args.at, "--at")) if args.at else history.latest
    if found is None:
        raise AppError(ErrorKind.NOT_FOUND, "trust.validation.reason.no_list")
    emit([{"version": found.version, **plain_entry(entry)} for entry in found.entries], args)


def _prepare(args: argparse.Namespace) -> None:
    before = site_history(args).latest
    publishers = tuple(_publisher(text) for text in args.publisher) or (before.publishers if before else ())
    issued = datetime.now(UTC).replace(microsecond=0)
    made = TrustList(
        version=before.version + 1 if before else 1,
        issued=max(issued, before.issued) if before else issued,
        next_update=issued + timedelta(days=args.days),
        previous=before.sha256 if before else "",
        threshold=args.threshold or (before.threshold if before else min(2, len(publishers))),
        publishers=publishers,
        entries=tuple(_entries(args.entries)),
    )
    args.out.write_bytes(msgspec.json.encode(SignedList(made.canonical(), ())))
    emit_one({"version": made.version, "sha256": made.sha256, "entries": len(made.entries)}, args)


def _publisher(text: str) -> Publisher:
    name, equals, path = text.partition("=")
    if not equals:
        raise AppError(ErrorKind.INVALID, "yaodun.trust.no_public_key", place=text)
    return Publisher(name, public_key_of(Path(path)))


def _entries(path: Path) -> Iterator[Entry]:
    try:
        tree = tomllib.loads(read_file(path).decode("utf-8"))
        for fields in tree.get("entry", []):
            files = fields.pop("certificate")
            listed = [files] if isinstance(files, str) else files
            found = [c for file in listed for c in read_anchors(read_file(path.parent / file), file)]
            encoded = [base64.b64encode(certificate.der).decode() for certificate in found]
            moments = {"since": datetime(2000, 1, 1, tzinfo=UTC), **fields}
            yield msgspec.convert({**moments, "certificates": encoded}, Entry)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError, msgspec.ValidationError) as error:
        raise AppError(ErrorKind.INVALID, "infra.setting_invalid", place=str(path), problem=str(error)) from None


def _document(path: Path) -> SignedList:
    try:
        return msgspec.json.decode(read_file(path), type=SignedList)
    except msgspec.MsgspecError:
        raise AppError(ErrorKind.INVALID, "trust.trustlist.no_document", place=str(path)) from None


def _sign(args: argparse.Namespace) -> None:
    document, private = _document(args.document), private_key_of(args.key, args.password_file)
    others = tuple(one for one in document.signatures if one.publisher != args.person)
    signature = material.sign(private, to_sign(document.body), b"1234567812345678")
    signed = SignedList(document.body, (*others, Signature(args.person, signature)))
    args.document.write_bytes(msgspec.json.encode(signed))
    emit_one({"version": document.list.version, "signed_by": [one.publisher for one in signed.signatures]}, args)


def _publish(args: argparse.Namespace) -> None:
    with _records(args) as records:
        found = ListStore(records, SystemClock()).publish(_document(args.document), args.person)
        Sequencer(records).turn()
    emit_one({"version": found.version, "sha256": found.sha256}, args)


def add_status(actions: Any) -> None:
    """Declare ``status``."""
    parser = command(
        actions, "status", "revocation lists the site knows", "yaodun trust status take partner.crl --issuer sub.pem"
    )
    ways = parser.add_subparsers(dest="way", required=True, metavar="list|take")
    command(ways, "list", "the current ones", "yaodun trust status list")
    take = command(ways, "take", "take one of another authority", "yaodun trust status take partner.crl")
    take.add_argument("crl", type=Path, metavar="FILE")
    take.add_argument("--issuer", type=Path, metavar="FILE", help="its issuer's certificate, below an accepted anchor")
    take.add_argument("--as", dest="person", default="console", metavar="NAME")


def run_status(args: argparse.Namespace) -> int:
    """List or take; a list that is signed by nobody known is refused."""
    with _records(args) as records:
        clock = SystemClock()
        status, history = StatusStore(records, clock), ListStore(records, clock).history()
        if args.way == "list":
            emit(status.all(), args)
            return 0
        pool = read_anchors(read_file(args.issuer), str(args.issuer)) if args.issuer else []
        data = read_file(args.crl)
        der = next((found for label, found in pem_blocks(data) if label == "X509 CRL"), data)
        done = status.take(der, crl_issuers(history, pool, clock.now()), str(args.crl), args.person)
        Sequencer(records).turn()
    emit_one(done, args)
    return 0
