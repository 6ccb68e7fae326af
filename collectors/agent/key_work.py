"""``python -m collectors.agent.key_work``: the agent's work with keys, done in a child so that the agent stays small.

``request KEYFILE NAME`` prints a certification request (PKCS #10, PEM) over the P-256 key in KEYFILE, made if absent;
``verify AUTHORITY`` reads a signed order from standard input and succeeds where the authority signed it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from collectors.fleet.authority import signature_holds
from collectors.fleet.configuration import unpack_order


def request(path: Path, name: str) -> bytes:
    """The request, PEM; the key stays the same for the same file, so that a lost answer can be asked for again."""
    if not path.exists():
        key = ec.generate_private_key(ec.SECP256R1())
        plain = serialization.NoEncryption()
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
            file.flush()
            os.fsync(file.fileno())
    loaded = serialization.load_pem_private_key(path.read_bytes(), password=None)
    assert isinstance(loaded, ec.EllipticCurvePrivateKey)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(loaded, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM)


def main(words: list[str]) -> int:
    """0 when done, 1 where the signature does not hold."""
    match words:
        case ["request", path, name]:
            sys.stdout.buffer.write(request(Path(path), name))
            return 0
        case ["verify", authority]:
            signed, _ = unpack_order(sys.stdin.buffer.read())
            return 0 if signature_holds(Path(authority).read_bytes(), signed.body, signed.signature) else 1
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
