"""The tiers: what they find, and what they withstand."""

import subprocess
import sys
import warnings

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from analytics.anomaly.ensemble import Ensemble, Tier
from analytics.anomaly.guard import usual_rows


def lumps(seed: int, odd: int = 40) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    usual = np.vstack([rng.normal(0, 1, (600, 6)), rng.normal(6, 1, (600, 6))])
    strange = rng.uniform(-6, 12, (odd, 6))
    return np.vstack([usual, strange]), np.r_[np.zeros(1200), np.ones(odd)]


@pytest.mark.parametrize("tier", list(Tier))
def test_finds_scattered_rows_between_two_lumps(tier: Tier) -> None:
    train, _ = lumps(0)
    rows, truth = lumps(1)
    assert roc_auc_score(truth, Ensemble.fit(train, tier).score(rows)) > 0.97


@pytest.mark.parametrize("tier", list(Tier))
def test_a_repeated_flood_in_training_does_not_hide_itself(tier: Tier) -> None:
    usual, _ = lumps(0, odd=0)
    flood = np.tile(np.array([3.0, -9.0, 14.0, 3.0, -8.0, 12.0]), (60, 1))
    model = Ensemble.fit(np.vstack([usual, flood]), tier)
    rows, _ = lumps(1, odd=0)
    assert model.score(flood[:1])[0] > np.quantile(model.score(rows), 0.99)


@pytest.mark.parametrize("tier", list(Tier))
def test_hostile_matrices_give_finite_scores(tier: Tier) -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(200, 6))
    rows[:, 1] = 7.0
    rows[:, 2] = np.nan
    rows[::5, 3] = np.nan
    rows[3, 4] = np.inf
    rows[4, 4] = 1e300
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = Ensemble.fit(rows, tier)
        scores = model.score(rows)
    assert np.isfinite(scores).all()
    assert np.isfinite(model.p(scores)).all()


@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (3, 40)])
def test_tiny_tables_are_judged(shape: tuple[int, int]) -> None:
    rows = np.random.default_rng(0).normal(size=shape)
    assert np.isfinite(Ensemble.fit(rows).score(rows)).all()


@pytest.mark.parametrize("tier", list(Tier))
def test_state_is_plain_arrays_and_restores_the_same_scores(tier: Tier, tmp_path) -> None:
    rows, _ = lumps(0)
    model = Ensemble.fit(rows, tier)
    np.savez(tmp_path / "m.npz", **model.state())
    with np.load(tmp_path / "m.npz", allow_pickle=False) as arrays:
        again = Ensemble.restore(dict(arrays))
    np.testing.assert_array_equal(model.score(rows), again.score(rows))


_PRINT = """
import numpy as np, hashlib
from analytics.anomaly.ensemble import Ensemble
rows = np.random.default_rng(5).normal(size=(400, 5))
print(hashlib.sha256(Ensemble.fit(rows, seed=3).score(rows).tobytes()).hexdigest())
"""


def test_the_same_data_and_seed_score_the_same_bits_in_another_process() -> None:
    hashes = {
        subprocess.run([sys.executable, "-c", _PRINT], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    }
    assert len(hashes) == 1


def test_neither_torch_nor_sklearn_nor_pyod_is_loaded_for_scoring() -> None:
    code = "import sys, analytics.anomaly.ensemble, analytics.anomaly.table; print([m for m in ('torch','sklearn','pyod','matplotlib') if m in sys.modules])"  # noqa: E501
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"


def test_a_refit_does_not_learn_from_incidents_or_from_what_the_model_finds_rare() -> None:
    rows = np.arange(8.0).reshape(4, 2)
    tied = np.array([True, False, False, False])
    np.testing.assert_array_equal(usual_rows(rows, tied_to_incident=tied, p=np.array([1, 1e-6, 0.5, 0.01])), rows[2:])
