"""New, vanished and suddenly frequent templates, and nothing on ordinary days."""

import numpy as np
import pytest
from scipy.stats import nbinom, poisson

from analytics.templates.watch import Change, TemplateWatch, upper_tail


def hour(rng: np.random.Generator, failed: float = 5.0, beats: bool = True) -> list[str]:
    lines = [f"Accepted password for u{i} from 10.0.0.{i}" for i in range(rng.poisson(40))]
    lines += [f"Failed password for u{i} from 10.0.0.{i}" for i in range(rng.poisson(failed))]
    return lines + (["heartbeat ok"] * rng.poisson(6) if beats else [])


@pytest.fixture
def taught() -> tuple[TemplateWatch, np.random.Generator]:
    rng, watch = np.random.default_rng(0), TemplateWatch()
    assert [finding for _ in range(72) for finding in watch.interval(hour(rng))] == []
    return watch, rng


def test_a_flood_is_a_count_anomaly_with_its_usual_count(taught) -> None:
    watch, rng = taught
    (finding,) = watch.interval(hour(rng, failed=60))
    assert finding.change is Change.COUNT
    assert finding.template.text.startswith("Failed password")
    assert finding.usual == pytest.approx(5, abs=1.5)
    assert finding.p < 1e-6


def test_a_line_never_seen_is_new_once(taught) -> None:
    watch, rng = taught
    (finding,) = watch.interval([*hour(rng), "kernel: module evil loaded"])
    assert (finding.change, finding.line) == (Change.NEW, "kernel: module evil loaded")
    assert watch.interval([*hour(rng), "kernel: module evil loaded"]) == []


def test_a_heartbeat_that_stops_has_vanished_once(taught) -> None:
    watch, rng = taught
    found = [finding for _ in range(12) for finding in watch.interval(hour(rng, beats=False))]
    assert [(f.change, f.template.text) for f in found] == [(Change.VANISHED, "heartbeat ok")]


def test_tail_is_that_of_the_negative_binomial() -> None:
    mean, var = 8.0, 20.0
    share = mean / var
    wanted = nbinom.sf(29, mean * share / (1 - share), share)
    assert upper_tail(30, mean, var) == pytest.approx(wanted, rel=1e-9)
    assert poisson.sf(19, 5.0) < upper_tail(20, 5.0, 0.0) < 10 * poisson.sf(19, 5.0), "a little wider than Poisson"
