"""SSH keys of this host: who may come in with which, and which are kept here to go elsewhere. No secret is read: only
fingerprints of public parts."""

from __future__ import annotations

import base64
import binascii
import hashlib
import pwd
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

from infra.events.stream import Event

MOST_BYTES = 256 * 1024
MOST_KEYS = 500
"""Keys of one file, and of one account."""
KNOWN = ("ssh-", "ecdsa-", "sk-ssh-", "sk-ecdsa-")
AUTHORIZED = (".ssh/authorized_keys", ".ssh/authorized_keys2")
KEPT = "id_*.pub"
"""A public part beside its private key, as ssh-keygen leaves them."""


def ssh_keys(homes: Iterable[tuple[str, Path]] | None = None) -> Iterator[tuple[str, str, Event]]:
    """Kind, key and fields of every SSH key of the accounts. The key is ``use:account:fingerprint``; ``use`` is
    ``authorized`` (opens the account) or ``kept`` (the private part lies here)."""
    for account, home in _homes() if homes is None else homes:
        for path in AUTHORIZED:
            yield from _items("authorized", account, _lines(home / path))
        for public in sorted(_kept(home / ".ssh")):
            yield from _items("kept", account, _lines(public))


def fingerprint(line: str) -> str:
    """``SHA256:...`` of a public key line as sshd logs it (RFC 4253 section 6.6 blob); '' where there is no key."""
    for kind, text in pairwise(line.split()):
        blob = _blob(text) if kind.startswith(KNOWN) else b""
        if blob.startswith(len(kind).to_bytes(4, "big") + kind.encode()):
            return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    return ""


def _blob(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _homes() -> list[tuple[str, Path]]:
    return [(found.pw_name, Path(found.pw_dir)) for found in pwd.getpwall() if found.pw_dir]


def _kept(folder: Path) -> list[Path]:
    try:
        return [public for public in folder.glob(KEPT) if public.with_suffix("").is_file()][:MOST_KEYS]
    except OSError:
        return []


def _lines(path: Path) -> list[str]:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(MOST_BYTES).splitlines()
    except OSError:
        return []


def _items(use: str, account: str, lines: list[str]) -> Iterator[tuple[str, str, Event]]:
    found = {print_: line for line in lines if not line.startswith("#") and (print_ := fingerprint(line))}
    for print_ in list(found)[:MOST_KEYS]:
        yield "key", f"{use}:{account}:{print_}", {"user.name": account, "yaodun.credential.id": print_}
