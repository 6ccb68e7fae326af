"""The site's own TLS certificate: made on first use, replaced by putting another pair in its place."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from infra.clock import Clock, SystemClock
from infra.durable import replace_file
from infra.errors import AppError, ErrorKind
from infra.web.hosts import is_address

VALID = timedelta(days=397)
"""What browsers accept at most (CA/Browser Forum baseline requirements)."""
RENEW_BEFORE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class SiteCertificate:
    """The pair the site serves HTTPS with; ``fingerprint`` is the SHA-256 of the certificate, as browsers show it."""

    certificate: Path
    key: Path
    fingerprint: str
    site_made: bool


def site_certificate(folder: Path, names: Iterable[str] = (), clock: Clock | None = None) -> SiteCertificate:
    """The pair ``site.crt`` and ``site.key`` in ``folder``; made when absent, renewed when made here and near its end.

    ``names`` are further host names and addresses. ``AppError(ENVIRONMENT)`` names the file that cannot be used.
    """
    clock = clock or SystemClock()
    certificate, key, mark = folder / "site.crt", folder / "site.key", folder / "site-made"
    if not certificate.exists() or not key.exists():
        _make(certificate, key, mark, names, clock)
    found = _read(certificate)
    made = mark.exists() and mark.read_text() == fingerprint_of(found)
    if made and found.not_valid_after_utc - clock.now() < RENEW_BEFORE:
        _make(certificate, key, mark, names, clock)
        found = _read(certificate)
    return SiteCertificate(certificate, key, fingerprint_of(found), made)


def fingerprint_of(certificate: x509.Certificate) -> str:
    """SHA-256 in pairs of hexadecimal digits."""
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def _read(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError) as error:
        raise AppError(ErrorKind.ENVIRONMENT, "infra.web.certificate_unusable", place=str(path)) from error


def _make(certificate: Path, key: Path, mark: Path, names: Iterable[str], clock: Clock) -> None:
    secret = ec.generate_private_key(ec.SECP256R1())
    made = _signed(secret, names, clock)
    certificate.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    plain = serialization.NoEncryption()
    private = secret.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    replace_file(key, private, private=True)
    replace_file(certificate, made.public_bytes(serialization.Encoding.PEM), private=True)
    replace_file(mark, fingerprint_of(made).encode(), private=True)


def _signed(secret: ec.EllipticCurvePrivateKey, names: Iterable[str], clock: Clock) -> x509.Certificate:
    host = socket.gethostname()[:64] or "yaodun"
    subject = x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, host), x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Yaodun site")]
    )
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    now = clock.now()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(secret.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + VALID)
        .add_extension(x509.SubjectAlternativeName(_alternatives(host, names)), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(secret, hashes.SHA256())
    )


def _alternatives(host: str, names: Iterable[str]) -> list[x509.GeneralName]:
    wanted = dict.fromkeys(["localhost", host, "127.0.0.1", "::1", *names])
    return [
        x509.IPAddress(ipaddress.ip_address(name)) if is_address(name) else x509.DNSName(name)
        for name in wanted
        if name and name.isascii() and name not in ("0.0.0.0", "::")  # noqa: S104 - left out, not listened on
    ]
