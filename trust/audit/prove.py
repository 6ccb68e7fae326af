"""Proofs that travel: one entry with its path to a signed checkpoint, checked anywhere without a database.

In: the ledger (to make one), the proof alone (to check it).  Out: a document; what it proves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.errors import AppError, ErrorKind
from infra.ledger import Ledger
from infra.ledger.entry import leaf_number
from infra.ledger.tree import leaf_hash, sha256, verify_consistency, verify_inclusion
from trust.audit.checkpoint import check_checkpoint

FORMAT = "yaodun-proof/1"


def make_proof(
    ledger: Ledger, leaf: int, checkpoint: Mapping[str, Any], old: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The proof that an entry is in the ledger of ``checkpoint``; with ``old``, an earlier checkpoint, also that its
    ledger is the beginning of this one. ``AppError(INVALID)`` where the entry came later."""
    size = int(checkpoint["size"])
    proof: dict[str, Any] = {
        "format": FORMAT, "leaf": leaf, "body": ledger.leaf(leaf).body.decode(), "path": ledger.inclusion(leaf, size),
        "checkpoint": dict(checkpoint),
    }  # fmt: skip
    if old is not None:
        path = ledger.consistency(int(old["size"]), size)
        proof["earlier"] = {"checkpoint": dict(old), "path": path}
    return proof


def check_proof(proof: Mapping[str, Any], keys: frozenset[str] = frozenset()) -> dict[str, Any]:
    """What it proves: leaf, size, root; ``AppError(INVALID)`` where it proves nothing."""
    try:
        size, root = check_checkpoint(proof["checkpoint"], keys)
        body, leaf = str(proof["body"]).encode(), int(proof["leaf"])
        path = [bytes.fromhex(node) for node in proof["path"]]
        holds = leaf_number(body) == leaf and verify_inclusion(sha256, leaf_hash(sha256, body), leaf, size, path, root)
        earlier = _earlier(proof["earlier"], size, root, keys) if holds and "earlier" in proof else None
    except (KeyError, TypeError, ValueError):
        raise AppError(ErrorKind.INVALID, "trust.audit.proof_malformed") from None
    if not holds:
        raise AppError(ErrorKind.INVALID, "trust.audit.proof_wrong", leaf=leaf)
    return {"leaf": leaf, "size": size, "sha256": root.hex(), "entry": str(proof["body"]), "continues": earlier}


def _earlier(given: Mapping[str, Any], size: int, root: bytes, keys: frozenset[str]) -> int:
    old, old_root = check_checkpoint(given["checkpoint"], keys)
    path = [bytes.fromhex(node) for node in given["path"]]
    if not verify_consistency(sha256, old, size, old_root, root, path):
        raise AppError(ErrorKind.INVALID, "trust.audit.proof_split", old=old, size=size)
    return old
