"""How the figures of analytics are measured: where public data lies, and rates of one core.

Public data is read from ``../shared/data`` beside the repository (or ``YAODUN_DATA``).
Rates are per second of processor time: what one core does, also where other work shares the machine.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

os.environ.setdefault("MPLBACKEND", "Agg")
DATA = Path(os.environ.get("YAODUN_DATA", Path(__file__).parents[2] / "shared" / "data"))


def rate(work: Callable[[], Any], amount: int, rounds: int = 5) -> float:
    """Amount per second of processor time, median of ``rounds``."""
    work()
    spent = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        spent.append(time.process_time() - began)
    return amount / float(np.median(spent))


def seconds(work: Callable[[], Any], rounds: int = 5) -> float:
    """Processor seconds of one run, median."""
    return 1.0 / rate(work, 1, rounds)
