"""A model as bytes: plain arrays in npz and a card, signed together; the signature is checked before they are read.

No pickle is written, and none is read: ``numpy.load`` runs with ``allow_pickle=False`` on verified bytes only.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from analytics.models.card import Card, canonical
from infra.errors import AppError, ErrorKind

MOST_BYTES = 256 << 20


class ModelSigner(Protocol):
    """Signs and verifies with a key this room never sees; the trust service implements it."""

    def sign(self, data: bytes) -> bytes: ...

    def verify(self, data: bytes, signature: bytes) -> bool: ...


def pack(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Arrays as npz; the same arrays give the same bytes. Raises ``ValueError`` for arrays of objects."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(arrays):
            array = np.asarray(arrays[name])
            if array.dtype.hasobject:
                raise ValueError(f"{name}: an array of objects cannot be kept")
            body = io.BytesIO()
            np.lib.format.write_array(body, array, allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0)), body.getvalue())
    return out.getvalue()


def to_be_signed(card: Card, body: bytes) -> bytes:
    """What the signature covers: a domain, the card, and the hash of the arrays."""
    return b"yaodun-model-v1\x00" + hashlib.sha256(canonical(card)).digest() + hashlib.sha256(body).digest()


def unpack(card: Card, body: bytes, signature: bytes, signer: ModelSigner) -> dict[str, NDArray[Any]]:
    """The arrays, once the signature holds; ``AppError``: FORBIDDEN where it does not, INVALID where they are odd."""
    if len(body) > MOST_BYTES or not signature or not signer.verify(to_be_signed(card, body), signature):
        raise AppError(ErrorKind.FORBIDDEN, "analytics.models.unsigned", place=card.id)
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > 4 * MOST_BYTES:
                raise AppError(ErrorKind.INVALID, "analytics.models.malformed", place=card.id, problem="too large")
        with np.load(io.BytesIO(body), allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except (ValueError, zipfile.BadZipFile, EOFError) as error:
        raise AppError(
            ErrorKind.INVALID, "analytics.models.malformed", place=card.id, problem=str(error)[:200]
        ) from None
