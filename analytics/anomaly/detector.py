"""What every tabular detector of this room offers, and how its state becomes plain arrays (never a pickle)."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Protocol, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@runtime_checkable
class Scorer(Protocol):
    """A fitted detector: higher is more unusual. Pure: the same rows give the same scores."""

    def score(self, rows: Floats) -> Floats: ...


S = TypeVar("S")


def state_of(scorer: Any) -> dict[str, NDArray[Any]]:
    """The fields of a detector (a dataclass of arrays and numbers) as arrays, for ``npz``."""
    return {field.name: np.asarray(getattr(scorer, field.name)) for field in fields(scorer)}


def from_state(kind: type[S], arrays: dict[str, NDArray[Any]]) -> S:
    """The detector of ``kind`` whose ``state_of`` was ``arrays``; zero-dimensional arrays become numbers again."""
    return kind(**{name: value.item() if value.ndim == 0 else value for name, value in arrays.items()})


def singles(rows: Floats) -> NDArray[np.float32]:
    """Rows as contiguous float32, the form the kernels take."""
    return np.ascontiguousarray(rows, dtype=np.float32)


def distinct(rows: Floats) -> Floats:
    """Each different row once, in sorted order.

    A flood of repeated attack rows looks dense to any neighbour method; taking repeats out before fitting mends it.
    """
    return np.unique(rows, axis=0)
