"""``yaodun playbook sign`` and ``verify``: signatures and countersignatures on playbooks."""

from __future__ import annotations

import argparse
import hashlib
import sys
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from infra.clock import SystemClock, parse_rfc3339
from playbooks.model.judge import judge
from playbooks.model.reading import read_file, to_json
from playbooks.model.signatures import SCHEMES, Seal, Sealed, playbook_hash, sign, verify
from trust.crypto.algorithm import load_key
from trust.validation.read import pem_blocks
from yaodun.playbooks.documents import accepted
from yaodun.terminal import command, complain, emit_one
from yaodun.trust.desk import private_key_of
from yaodun.trust.verify import read_file as read_octets


def add_sign(actions: Any) -> None:
    """Declare ``sign``."""
    parser = command(actions, "sign", "sign a playbook", "yaodun playbook sign block.yaml --key li.key --as 'Li Wei'")
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--key", type=Path, required=True, metavar="FILE", help="PKCS#8 PEM: RSA, EC, Ed25519, SM2")
    parser.add_argument("--as", dest="signee", required=True, metavar="NAME", help="who signs")
    parser.add_argument("--identity", metavar="ID", help="identity--UUID (default: made from the name)")
    parser.add_argument("--algorithm", choices=tuple(SCHEMES), help="default: the usual one of the key")
    parser.add_argument("--days", type=int, default=365, help="how long the signature counts")
    parser.add_argument("--counter", default="", metavar="ID", help="countersign the signature with this id")
    parser.add_argument("--password-file", type=Path, metavar="FILE")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write there instead of to the output")


def run_sign(args: argparse.Namespace) -> int:
    """The signed playbook as JSON. What the standard rejects is not signed."""
    tree = accepted(args.file, judge(read_file(args.file))).tree
    now = SystemClock().now()
    identity = args.identity or f"identity--{uuid5(NAMESPACE_URL, args.signee)}"
    signed = sign(
        tree,
        private_key_of(args.key, args.password_file),
        signee=args.signee,
        identity=identity,
        at=now,
        until=now + timedelta(days=args.days),
        algorithm=args.algorithm or "",
        counter=args.counter,
    )
    text = to_json(signed)
    if args.out:
        args.out.write_text(text, encoding="utf-8")
        complain(f"{args.out}: sha-256 {playbook_hash(signed)}")
    else:
        sys.stdout.write(text)
    return 0


def add_verify(actions: Any) -> None:
    """Declare ``verify``."""
    parser = command(actions, "verify", "verify signatures", "yaodun playbook verify block.json --key li.pub.pem")
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument(
        "--key", type=Path, action="append", default=[], metavar="FILE", help="trusted key or certificate"
    )
    parser.add_argument("--at", metavar="T", help="as of this time (default: now)")


def run_verify(args: argparse.Namespace) -> int:
    """Exit 0 when there is a signature, all are good, and (with ``--key``) one is by a trusted key."""
    at = parse_rfc3339(args.at, "--at").astimezone(UTC) if args.at else SystemClock().now()
    tree = read_file(args.file)
    found = verify(tree, at, anchors_of(args.key))
    good = bool(found) and all(each.seal is Seal.GOOD for each in found)
    trusted = any(each.trusted for each in found)
    verdict = "valid" if good and (trusted or not args.key) else "invalid"
    shown = {"verdict": verdict, "sha256": playbook_hash(tree), "signatures": [shown_seal(each) for each in found]}
    emit_one(shown, args)
    return 0 if verdict == "valid" else 1


def shown_seal(sealed: Sealed) -> dict[str, Any]:
    """A signature as it is printed."""
    return {
        "id": sealed.id, "signee": sealed.signee, "algorithm": sealed.algorithm, "state": str(sealed.seal),
        "trusted": sealed.trusted, "fingerprint": sealed.fingerprint,
        "counter": [shown_seal(each) for each in sealed.counter],
    }  # fmt: skip


def anchors_of(paths: list[Path]) -> frozenset[str]:
    """Fingerprints of the public keys in PEM files (keys or certificates)."""
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization

    found = set()
    for path in paths:
        for label, der in pem_blocks(read_octets(path)):
            if label == "CERTIFICATE":
                key = x509.load_der_x509_certificate(der).public_key()
                der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
            if load_key(der) is not None:
                found.add(hashlib.sha256(der).hexdigest())
    return frozenset(found)
