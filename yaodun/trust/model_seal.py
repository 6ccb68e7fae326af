"""Seals of models by the signer, as ``analytics.models`` asks for them."""

from __future__ import annotations

import base64

from infra.home import Home
from trust.signer.client import ask_signer
from trust.signer.seals import DIGEST, MODEL, holds
from yaodun.trust.places import pki_of, socket_of


class SignerSeal:
    """Implements ``analytics.models.artefact.ModelSigner``: asks the signer to seal, checks with its public key."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def sign(self, data: bytes) -> bytes:
        """``AppError(UNAVAILABLE)`` where the signer does not answer; ``ValueError`` for what is no model."""
        start = len(MODEL.context)
        if not data.startswith(MODEL.context) or len(data) != start + 2 * DIGEST:
            raise ValueError("only the digests of a model are sealed")
        card, body = data[start:][:DIGEST], data[-DIGEST:]
        answer = ask_signer(socket_of(self._home), "model", card=card.hex(), body=body.hex())
        return base64.b64decode(answer["signature"])

    def verify(self, data: bytes, signature: bytes) -> bool:
        """Without asking anybody."""
        return holds(pki_of(self._home) / "models", MODEL, data, signature)
