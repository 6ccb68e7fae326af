"""What analysts answered, and what follows: suppression with an end, findings judged less rare where they were
harmless, a learnt order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import numpy as np
from scipy.optimize import minimize
from scipy.special import betaincinv, expit

from analytics.anomaly.detector import Floats

_PRIOR_TRUE, _PRIOR_FALSE = 1.0, 1.0
FEWEST_LABELS = 50
STEP = 10.0
MOST_STEPS = 4
REMEMBERED = timedelta(days=90)
"""An answer counts so long; the world of the one who gave it may have changed since."""


class Label(StrEnum):
    """An analyst's answer."""

    TRUE = "true"
    FALSE = "false"
    KNOWN = "known"


@dataclass(frozen=True, slots=True)
class Suppression:
    """A known, harmless thing: one rule on one entity, until a day. It hides alerts, it deletes nothing."""

    rule_id: str
    entity: str
    expires: datetime

    def covers(self, rule_id: str, entity: str, now: datetime) -> bool:
        """Whether a signal of ``rule_id`` on ``entity`` is hidden now."""
        return now < self.expires and rule_id == self.rule_id and entity == self.entity


def precision(true: int, false: int, confidence: float = 0.9) -> tuple[float, float, float]:
    """(mean, low, high) of the Beta posterior of a detector's precision from its dispositions."""
    a, b = _PRIOR_TRUE + true, _PRIOR_FALSE + false
    edge = (1.0 - confidence) / 2.0
    return a / (a + b), float(betaincinv(a, b, edge)), float(betaincinv(a, b, 1.0 - edge))


def steps_eased(true: int, harmless: int) -> int:
    """How many factors of ten the answers of one finding are worth: one for each that calls it harmless, two back for
    each that calls it true, never below none, at most ``MOST_STEPS``."""
    return min(MOST_STEPS, max(0, harmless - 2 * true))


def eased(p: float, true: int, harmless: int) -> float:
    """The probability by which a finding is judged after such answers: ten times as likely for each step, never less
    likely than it is. What is rarer than ``TOLD_BELOW`` by more than all steps is told whatever was answered."""
    return min(1.0, p * STEP ** steps_eased(true, harmless))


@dataclass(frozen=True, slots=True)
class Order:
    """A logistic order over features (surprises and context); shown as learnt, made from ``labels`` answers."""

    weights: Floats
    bias: float
    centre: Floats
    scale: Floats
    labels: int

    def score(self, rows: Floats) -> Floats:
        """Probability that an analyst will call it true."""
        return np.asarray(expit((rows - self.centre) / self.scale @ self.weights + self.bias))


def learn_order(rows: Floats, labels: Sequence[Label], penalty: float = 1.0) -> Order | None:
    """A ridge-penalised logistic regression; None below ``FEWEST_LABELS`` answers or where all are alike."""
    truth = np.array([label is Label.TRUE for label in labels], dtype=np.float64)
    if len(truth) < FEWEST_LABELS or truth.min() == truth.max():
        return None
    centre, scale = rows.mean(axis=0), np.maximum(rows.std(axis=0), 1e-9)
    x = (rows - centre) / scale

    def loss(theta: Floats) -> tuple[float, Floats]:
        score = x @ theta[1:] + theta[0]
        miss = expit(score) - truth
        value = float(np.logaddexp(0.0, score).sum() - truth @ score + 0.5 * penalty * theta[1:] @ theta[1:])
        return value, np.concatenate([[miss.sum()], x.T @ miss + penalty * theta[1:]])

    best = minimize(loss, np.zeros(x.shape[1] + 1), jac=True, method="L-BFGS-B").x
    return Order(best[1:], float(best[0]), centre, scale, len(truth))
