"""The authority of agents: it vouches for ingest and for every agent, and signs what agents are told to do.

It is a certification authority of its own and nobody else trusts it: a P-256 key made at first use, kept in the folder
of secrets and readable by the platform's user alone. It issues what the fleet needs without a person's approval; it is
not one of the site's CAs, which the signer keeps.
"""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from collectors.agent.channel import SERVER_NAME
from infra.clock import Clock, SystemClock
from infra.durable import replace_file
from infra.errors import AppError, ErrorKind

CA_VALID = timedelta(days=3650)
SERVER_VALID = timedelta(days=397)
AGENT_VALID = timedelta(days=90)
RENEW_AFTER = timedelta(days=30)
"""An agent renews after a third of its certificate's life, so that it may be away for two months."""
CONFIGURATION = b"yaodun agent configuration 1\n"
"""Before what is signed for agents, so that nothing else signed with this key can be taken for it."""
_SLACK = timedelta(minutes=10)
_SHA256 = hashes.SHA256()


class AgentAuthority:
    """The authority in ``folder``, made where there is none; several processes may open it."""

    def __init__(self, folder: Path, clock: Clock | None = None) -> None:
        self._folder = folder
        self._clock = clock or SystemClock()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _alone(folder / "lock"):
            if not self.certificate_path.exists():
                self._make()
            self._key = _read_key(folder / "authority.key")
            self._certificate = x509.load_pem_x509_certificate(self.certificate_path.read_bytes())

    @property
    def certificate_path(self) -> Path:
        """Its certificate, PEM."""
        return self._folder / "authority.crt"

    @property
    def certificate(self) -> bytes:
        """The same as bytes."""
        return self._certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of its certificate: tokens carry it, so that a new agent knows whom it talks to."""
        return hashlib.sha256(self._certificate.public_bytes(serialization.Encoding.DER)).hexdigest()

    def server_pair(self) -> Path:
        """A PEM file with ingest's key and certificate, renewed when a month is left."""
        path = self._folder / "server.pem"
        with _alone(self._folder / "lock"):
            if not path.exists() or self._near_end(path):
                key = ec.generate_private_key(ec.SECP256R1())
                names = x509.SubjectAlternativeName([x509.DNSName(SERVER_NAME)])
                made = self._issue(key.public_key(), SERVER_NAME, SERVER_VALID, ExtendedKeyUsageOID.SERVER_AUTH, names)
                replace_file(path, _private(key) + made.public_bytes(serialization.Encoding.PEM), private=True)
        return path

    def issue(self, request: bytes, agent: str) -> x509.Certificate:
        """A certificate for ``agent`` over the key of ``request`` (PKCS #10, PEM); nothing else of it is taken over.

        ``AppError(INVALID)`` where the request is none, is not signed with its own key, or that is no P-256 key.
        """
        key = self.requested_key(request)
        return self._issue(key, agent, AGENT_VALID, ExtendedKeyUsageOID.CLIENT_AUTH, None)

    def requested_key(self, request: bytes) -> ec.EllipticCurvePublicKey:
        """The key a request asks to certify, after its proof of possession."""
        try:
            read = x509.load_pem_x509_csr(request)
            key = read.public_key()
            sound = read.is_signature_valid and isinstance(key, ec.EllipticCurvePublicKey)
        except (ValueError, TypeError) as error:
            raise AppError(ErrorKind.INVALID, "collectors.fleet.request_wrong") from error
        if not sound or not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
            raise AppError(ErrorKind.INVALID, "collectors.fleet.request_wrong")
        return key

    def sign(self, body: bytes) -> bytes:
        """The signature (ECDSA with SHA-256, DER) over a configuration."""
        return self._key.sign(CONFIGURATION + body, ec.ECDSA(_SHA256))

    def _near_end(self, path: Path) -> bool:
        found = x509.load_pem_x509_certificate(path.read_bytes())
        return found.not_valid_after_utc - self._clock.now() < timedelta(days=30)

    def _make(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("Yaodun agents")
        usage = x509.KeyUsage(
            digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
            key_agreement=False, key_cert_sign=True, crl_sign=False, encipher_only=False, decipher_only=False,
        )  # fmt: skip
        made = (
            self._begin(name, name, key.public_key(), CA_VALID)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, _SHA256)
        )
        replace_file(self._folder / "authority.key", _private(key), private=True)
        replace_file(self.certificate_path, made.public_bytes(serialization.Encoding.PEM), private=True)

    def _issue(
        self,
        key: ec.EllipticCurvePublicKey,
        name: str,
        valid: timedelta,
        usage: ObjectIdentifier,
        names: x509.SubjectAlternativeName | None,
    ) -> x509.Certificate:
        builder = (
            self._begin(_name(name), self._certificate.subject, key, valid)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
        if names is not None:
            builder = builder.add_extension(names, critical=False)
        return builder.sign(self._key, _SHA256)

    def _begin(
        self, subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, valid: timedelta
    ) -> x509.CertificateBuilder:
        now = self._clock.now()
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _SLACK)
            .not_valid_after(now + valid)
        )


def signature_holds(authority: bytes, body: bytes, signature: bytes) -> bool:
    """Did the authority with this certificate (PEM) sign ``body`` as a configuration?"""
    key = x509.load_pem_x509_certificate(authority).public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return False
    try:
        key.verify(signature, CONFIGURATION + body, ec.ECDSA(_SHA256))
    except InvalidSignature:
        return False
    return True


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    plain = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)


def _read_key(path: Path) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError) as error:
        raise AppError(ErrorKind.ENVIRONMENT, "collectors.fleet.authority_unusable", place=str(path)) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise AppError(ErrorKind.ENVIRONMENT, "collectors.fleet.authority_unusable", place=str(path))
    return key


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
