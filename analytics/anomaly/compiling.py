"""Compiling an inner loop to machine code, with a cache on disk where the installation allows one."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, cast

from numba import njit

F = TypeVar("F", bound=Callable[..., object])
_CACHED = os.access(Path(__file__).parent, os.W_OK) or "NUMBA_CACHE_DIR" in os.environ


def compiled(function: F) -> F:
    """``function`` compiled at its first call; where no cache folder can be written, once in each process."""
    return cast(F, njit(cache=_CACHED)(function))
