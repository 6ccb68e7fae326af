"""Seals of the posture's weights by the signer, as ``analytics.posture.weights`` asks for them."""

from __future__ import annotations

import base64

from infra.home import Home
from trust.signer.client import ask_signer
from trust.signer.seals import WEIGHTS, digests, holds
from yaodun.trust.places import pki_of, socket_of


class WeightSeal:
    """Implements ``analytics.posture.weights.Sealer``: asks the signer to seal, checks with its public key."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def sign(self, data: bytes) -> bytes:
        """``AppError(UNAVAILABLE)`` where the signer does not answer."""
        sha256, sm3 = digests(data)
        answer = ask_signer(socket_of(self._home), "weights", sha256=sha256.hex(), sm3=sm3.hex())
        return base64.b64decode(answer["signature"])

    def verify(self, data: bytes, signature: bytes) -> bool:
        """Without asking anybody."""
        return holds(pki_of(self._home) / "weights", WEIGHTS, WEIGHTS.message(*digests(data)), signature)
