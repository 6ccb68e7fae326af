"""Seals of filing packages by the signer, as ``ops.filing`` asks for them."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from infra.errors import AppError, ErrorKind
from infra.home import Home
from ops.filing.sealing import Seal, Sealed
from trust.signer.client import ask_signer
from trust.signer.seals import PACKAGE, digests, public_half, signed_by
from yaodun.trust.places import pki_of, socket_of

log = logging.getLogger(__name__)
FOLDER = "packages"


class PackageSeal:
    """Implements ``ops.filing.sealing.Sealer``: asks the signer to seal, checks with the key that came along.

    What is signed is the purpose, then SHA-256 and SM3 of the manifest: ``yaodun-package-v1`` and a zero octet, 32
    and 32 octets; the algorithm is SM2 with SM3 and the default identifier (GB/T 32918, GM/T 0009).
    """

    algorithm = "SM2-SM3"

    def __init__(self, ask: Callable[..., Any], pki: Path) -> None:
        self._ask, self._pki = ask, pki

    def seal(self, manifest: bytes) -> Seal | None:
        """None, and a line in the log, where the signer does not answer."""
        sha256, sm3 = digests(manifest)
        try:
            made = self._ask("package", sha256=sha256.hex(), sm3=sm3.hex())
        except AppError as error:
            if error.kind is not ErrorKind.UNAVAILABLE:
                raise
            log.warning("package_unsealed", extra={"reason": error.message_key})
            return None
        return Seal(self.algorithm, base64.b64decode(made["signature"]), base64.b64decode(made["key"]))

    def judge(self, manifest: bytes, seal: Seal) -> Sealed | None:
        """Without asking anybody."""
        message = PACKAGE.message(*digests(manifest))
        if seal.algorithm != self.algorithm or not signed_by(seal.key, PACKAGE, message, seal.signature):
            return None
        path = public_half(self._pki / FOLDER, PACKAGE)
        return Sealed.OURS if path.is_file() and path.read_bytes() == seal.key else Sealed.OTHER


def site_seal(home: Home) -> PackageSeal:
    """The seal of a site by its running signer."""

    def ask(operation: str, **arguments: Any) -> Any:
        return ask_signer(socket_of(home), operation, **arguments)

    return PackageSeal(ask, pki_of(home))
