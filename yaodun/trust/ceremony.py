"""``yaodun trust ceremony run|sign|verify`` and ``yaodun trust backup|restore``: the solemn acts of the PKI team."""

from __future__ import annotations

import argparse
import base64
import hashlib
from pathlib import Path
from typing import Any

import msgspec
import orjson

from infra.clock import SystemClock
from infra.durable import replace_file
from infra.errors import AppError, ErrorKind
from trust.ca import backup
from trust.ca.ceremony import Script, Transcript, check_transcript, read_script, to_sign
from trust.crypto.algorithm import load_key
from trust.keys.software import SoftwareKeys
from trust.keys.uri import signing_key
from trust.validation.read import pem_blocks
from yaodun import __version__
from yaodun.terminal import command, emit, emit_one, home_of
from yaodun.trust.places import pki_of, socket_of
from yaodun.trust.signing import Ask, local_core
from yaodun.trust.verify import read_file


def add_ceremony(actions: Any) -> None:
    """Declare ``ceremony``."""
    parser = command(actions, "ceremony", "a key ceremony by script", "yaodun trust ceremony run script.toml")
    ways = parser.add_subparsers(dest="way", required=True, metavar="run|sign|verify")
    run = command(ways, "run", "do what the script says", "yaodun trust ceremony run script.toml --out transcript.json")
    run.add_argument("script", type=Path, metavar="FILE")
    run.add_argument("--out", type=Path, required=True, metavar="FILE", help="the transcript")
    run.add_argument("--shares", type=Path, required=True, metavar="DIR", help="a new folder: one file a shareholder")
    sign = command(ways, "sign", "sign the transcript", "yaodun trust ceremony sign t.json --key li.key --as li")
    sign.add_argument("transcript", type=Path, metavar="FILE")
    sign.add_argument("--key", required=True, metavar="FILE|pkcs11:URI")
    sign.add_argument("--as", dest="person", required=True, metavar="NAME")
    verify = command(ways, "verify", "check a transcript", "yaodun trust ceremony verify transcript.json")
    verify.add_argument("transcript", type=Path, metavar="FILE")


def run_ceremony(args: argparse.Namespace) -> int:
    """0 when done; ``verify`` gives 1 while a signature is missing."""
    if args.way == "run":
        return _run(args)
    document = orjson.loads(read_file(args.transcript))
    if args.way == "verify":
        found = check_transcript(document)
        emit_one(found, args)
        return 0 if found["complete"] else 1
    return _sign(args, document)


def _run(args: argparse.Namespace) -> int:
    script = read_script(read_file(args.script))
    home, transcript = home_of(args), Transcript(SystemClock())
    home.prepare()
    if socket_of(home).exists():
        raise AppError(ErrorKind.CONFLICT, "trust.signer.in_use", place=str(pki_of(home)))
    args.shares.mkdir(mode=0o700)
    _open_transcript(script, args, transcript)
    shares = _split(script, args, transcript)
    args.share = shares[: script.threshold]
    with local_core(args) as core:
        _found(script, core.handle_named, args.share, transcript)
        core.keys.lock()
    transcript.note("sealed", custody="software, not a certified cryptographic module")
    replace_file(args.out, orjson.dumps(transcript.document(), option=orjson.OPT_INDENT_2), private=True)
    emit([{"step": row["step"], "time": row["time"], "hash": row["hash"][:16]} for row in transcript.steps], args)
    return 0


def _open_transcript(script: Script, args: argparse.Namespace, transcript: Transcript) -> None:
    present = [
        {**msgspec.to_builtins(one), "key": _encode(_public(one.key, args.script))} for one in script.participants
    ]
    hashed = hashlib.sha256(read_file(args.script)).hexdigest()
    transcript.note(
        "opened", title=script.title, place=script.place, script=hashed, program=__version__, participants=present
    )


def _split(script: Script, args: argparse.Namespace, transcript: Transcript) -> list[str]:
    holders = [one.name for one in script.participants if one.holds_share]
    shares = SoftwareKeys(pki_of(home_of(args)) / "keys").initialise(script.threshold, len(holders))
    for name, share in zip(holders, shares, strict=True):
        replace_file(args.shares / f"{name}.share", share.encode(), private=True)
    given = [{"holder": name, "number": number} for number, name in enumerate(holders, start=1)]
    transcript.note("master key split", threshold=script.threshold, shares=given)
    return shares


def _found(script: Script, ask: Ask, shares: list[str], transcript: Transcript) -> None:
    for plan in script.authorities:
        made = ask("console", work="found", shares=shares, arguments=msgspec.to_builtins(plan))
        transcript.note("authority founded", **made)
    keys = {one.name: one.key for one in script.participants}
    for name in script.approvers:
        encoded = _encode(_public(keys.get(name, ""), Path(name)))
        ask("console", work="approver", shares=shares, arguments={"name": name, "spki": encoded})
        transcript.note("approver named", approver=name, key=hashlib.sha256(base64.b64decode(encoded)).hexdigest())


def _public(text: str, place: Path) -> bytes:
    """The public key of a participant: PEM in the script, or base64."""
    for label, der in pem_blocks(text.encode()):
        if label == "PUBLIC KEY" and load_key(der) is not None:
            return der
    try:
        der = base64.b64decode(text, validate=True)
    except ValueError:
        der = b""
    if load_key(der) is None:
        raise AppError(ErrorKind.INVALID, "yaodun.trust.no_public_key", place=str(place))
    return der


def _sign(args: argparse.Namespace, document: dict[str, Any]) -> int:
    check_transcript(document)
    present = {row["name"]: row["key"] for row in document["steps"][0]["detail"]["participants"]}
    key = signing_key(args.key)
    if present.get(args.person) != _encode(key.spki):
        raise AppError(ErrorKind.INVALID, "trust.ceremony.not_present", name=args.person)
    others = [row for row in document["signatures"] if row["name"] != args.person]
    document["signatures"] = [*others, {"name": args.person, "signature": _encode(key.sign(to_sign(document)))}]
    replace_file(args.transcript, orjson.dumps(document, option=orjson.OPT_INDENT_2), private=True)
    emit_one(check_transcript(document), args)
    return 0


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode()


def add_backup(actions: Any) -> None:
    """Declare ``backup``."""
    parser = command(actions, "backup", "copy the PKI, keys sealed", "yaodun trust backup /mnt/safe/pki-2026-11-25")
    parser.add_argument("folder", type=Path, metavar="DIR", help="a new folder")


def run_backup(args: argparse.Namespace) -> int:
    """Copy, and print counts and hashes."""
    emit_one(backup.back_up(pki_of(home_of(args)), args.folder, SystemClock()), args)
    return 0


def add_restore(actions: Any) -> None:
    """Declare ``restore``."""
    parser = command(actions, "restore", "bring a copy of the PKI back", "yaodun trust restore /mnt/safe/pki-1125")
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--check", action="store_true", help="only compare the copy with its manifest")


def run_restore(args: argparse.Namespace) -> int:
    """Compare and bring back; only where there is no PKI yet."""
    home = home_of(args)
    if not args.check:
        home.prepare()
    emit_one(backup.examine(args.folder) if args.check else backup.restore(args.folder, pki_of(home)), args)
    return 0
