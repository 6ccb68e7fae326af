"""A version's trial: quiet on more of the same, drifted when the world moves, loud when it lost its footing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from analytics.models.artefact import pack
from analytics.models.teaching import FEWEST_ROWS, Lesson, Taught, teach
from analytics.models.trial import Trial, Trials

NOW = datetime(2026, 11, 18, tzinfo=UTC)
NAMES = ("events", "failed_logins", "pairs host")


def rows(count: int, seed: int, shift: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.column_stack([rng.poisson(40 + shift, count), rng.poisson(1, count), rng.poisson(3, count)]).astype(float)


def taught(seed: int = 0) -> Taught:
    lesson = Lesson("entity.user", NAMES, rows(1000, seed), NOW - timedelta(days=3), NOW, "by hour")
    card, arrays = teach(lesson)
    return Taught.restore(card, arrays)


def trial_on(model: Taught, data: np.ndarray) -> Trial:
    trial = Trial()
    trial.judged(model.chances(data), 24)
    trial.test(model, data, NOW)
    return trial


def test_more_of_the_same_is_sound_and_has_not_drifted() -> None:
    trial = trial_on(taught(), rows(700, 1))
    assert trial.sound
    assert not trial.drifted


def test_a_moved_feature_is_named() -> None:
    trial = trial_on(taught(), rows(700, 1, shift=40))
    assert trial.drifted
    assert [one.feature for one in trial.moved] == ["events"]
    assert not trial.sound


def test_the_same_lesson_gives_the_same_bytes_and_too_little_gives_none() -> None:
    lesson = Lesson("entity.user", NAMES, rows(400, 3), NOW - timedelta(days=3), NOW, "by hour")
    assert pack(teach(lesson)[1]) == pack(teach(lesson)[1])
    short = Lesson("entity.user", NAMES, rows(FEWEST_ROWS - 1, 3), NOW, NOW, "by hour")
    with pytest.raises(ValueError, match="needed"):
        teach(short)


def test_an_odd_row_has_its_feature_as_the_first_reason() -> None:
    model = taught()
    odd = np.array([[41.0, 60.0, 3.0]])
    assert model.chances(odd)[0] < 1e-3
    assert model.reasons(odd)[0][0].feature == "failed_logins"


def test_trials_survive_and_a_spoilt_file_begins_anew(tmp_path) -> None:
    trials = Trials({"m": trial_on(taught(), rows(300, 2))})
    trials.save(tmp_path)
    assert Trials.load(tmp_path).of("m").rows == 300
    (tmp_path / "trials.msgpack").write_bytes(b"\xc1")
    assert Trials.load(tmp_path).kept == {}
