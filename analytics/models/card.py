"""What must be known of a model to trust it and to make it again."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
import numpy as np
import scipy

from analytics.anomaly.detector import Floats
from analytics.models.state import ModelState

__all__ = ["Card", "ModelState", "canonical", "feature_hash", "fingerprint", "versions"]


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """``kind`` says how to restore the arrays; ``fingerprint`` and ``feature_hash`` say what it was taught on."""

    id: str
    name: str
    kind: str
    features: tuple[str, ...]
    feature_hash: str
    fingerprint: str
    rows: int
    start: datetime
    end: datetime
    query: str
    seed: int
    versions: dict[str, str]
    metrics: dict[str, float] = {}
    calibration: dict[str, float] = {}
    parent: str = ""


def canonical(card: Card) -> bytes:
    """The card as the bytes that are signed: the same card gives the same bytes."""
    return msgspec.json.encode(card, order="deterministic")


def fingerprint(rows: Floats) -> str:
    """SHA-256 of the rows in sorted order: the same data in another order is the same data."""
    data = np.ascontiguousarray(rows, dtype="<f8")
    data = np.where(np.isnan(data), np.nan, data + 0.0)
    order = np.lexsort(data.T[::-1]) if data.size else np.arange(0)
    digest = hashlib.sha256(str(data.shape).encode())
    digest.update(np.ascontiguousarray(data[order]).tobytes())
    return digest.hexdigest()


def feature_hash(features: Sequence[str]) -> str:
    """SHA-256 of the feature names in their order."""
    return hashlib.sha256("\x1f".join(features).encode()).hexdigest()


def versions() -> Mapping[str, str]:
    """Of the libraries that make the numbers."""
    return {"python": platform.python_version(), "numpy": np.__version__, "scipy": scipy.__version__}
