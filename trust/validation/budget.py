"""Work budgets: hostile input may cost this much and no more."""

from __future__ import annotations

import time
from dataclasses import dataclass, field


class BudgetSpent(Exception):  # noqa: N818 - an event, not a fault
    """A limit was reached; ``limit`` names it. Caught by the judge and reported as a reason."""

    def __init__(self, limit: str) -> None:
        super().__init__(limit)
        self.limit = limit


@dataclass(slots=True)
class Budget:
    """What one judgement may spend.

    ``seconds`` is processor time of this thread, so that a busy machine does not change verdicts; the rest are counts.
    """

    signatures: int = 256
    paths: int = 64
    steps: int = 2000
    comparisons: int = 250_000
    seconds: float = 0.8
    _deadline: float = field(init=False)

    def __post_init__(self) -> None:
        self._deadline = time.thread_time() + self.seconds

    def signature(self) -> None:
        """Pay for one signature check."""
        self.signatures -= 1
        self._check(self.signatures, "signatures")

    def path(self) -> None:
        """Pay for one complete path."""
        self.paths -= 1
        self._check(self.paths, "paths")

    def step(self) -> None:
        """Pay for one step of path building."""
        self.steps -= 1
        self._check(self.steps, "steps")

    def compare(self, count: int = 1) -> None:
        """Pay for comparisons of names with constraints."""
        self.comparisons -= count
        self._check(self.comparisons, "comparisons")

    def _check(self, left: int, limit: str) -> None:
        if left < 0:
            raise BudgetSpent(limit)
        if time.thread_time() > self._deadline:
            raise BudgetSpent("seconds")
