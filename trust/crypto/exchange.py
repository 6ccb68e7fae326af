"""SM2 key exchange (GB/T 32918.3): two parties agree on a key and can prove that they have it.

In: both long-term keys, both ephemeral points, both user ids.  Out: the key, and the two confirmation hashes.
"""

from __future__ import annotations

from dataclasses import dataclass

from infra.errors import AppError, ErrorKind
from trust.crypto import pure
from trust.crypto.curve import DEFAULT_ID, SIZE, Affine, N
from trust.crypto.jacobian import add_affine, to_affine
from trust.crypto.sm2 import PrivateKey, PublicKey, identity_hash
from trust.crypto.sm3 import derive, sm3

_HALF = 1 << 127


@dataclass(frozen=True, slots=True)
class Party:
    """One side as the other sees it: long-term key, ephemeral key, user id."""

    static: PublicKey
    ephemeral: PublicKey
    user_id: bytes = DEFAULT_ID

    @property
    def identity(self) -> bytes:
        """Z of the party."""
        return identity_hash((self.static.x, self.static.y), self.user_id)


@dataclass(frozen=True, slots=True)
class Agreement:
    """The agreed key and the confirmation values S1 = SB and SA = S2 of the standard."""

    key: bytes
    responder_confirms: bytes
    initiator_confirms: bytes

    def __repr__(self) -> str:
        return "Agreement(key=hidden)"


def agree(
    own: PrivateKey, own_ephemeral: PrivateKey, initiator: Party, responder: Party, length: int = 16
) -> Agreement:
    """The key of ``length`` octets; ``own`` belongs to one of the two parties, the other one is the peer."""
    peer = responder if own.public == initiator.static else initiator
    shared = _shared_point(own, own_ephemeral, peer)
    x, y = (value.to_bytes(SIZE, "big") for value in shared)
    identities = initiator.identity + responder.identity
    key = derive(x + y + identities, length)
    points = b"".join(
        value.to_bytes(SIZE, "big")
        for party in (initiator, responder)
        for value in (party.ephemeral.x, party.ephemeral.y)
    )
    inner = sm3(x, identities, points)
    return Agreement(key, sm3(b"\x02", y, inner), sm3(b"\x03", y, inner))


def _reduce(x: int) -> int:
    return _HALF + (x & (_HALF - 1))


def _shared_point(own: PrivateKey, ephemeral: PrivateKey, peer: Party) -> Affine:
    scalar = (own.secret + _reduce(ephemeral.public.x) * ephemeral.secret) % N
    peer_ephemeral = (peer.ephemeral.x, peer.ephemeral.y)
    scaled = _times(_reduce(peer.ephemeral.x), peer_ephemeral, own)
    total = add_affine((*scaled, 1), (peer.static.x, peer.static.y))
    if not total[2] or not scalar:
        raise AppError(ErrorKind.INVALID, "trust.crypto.exchange_failed")
    return _times(scalar, to_affine(total), own)


def _times(scalar: int, point: Affine, own: PrivateKey) -> Affine:
    library = own.public.library
    return library.multiply(scalar, point) if library else pure.times(scalar, point)
