"""The watch: alerts where something happened, quiet where not, silence told, state kept."""

import numpy as np
import pytest

from analytics.series.watch import KINDS, REFRACTORY, Silence, Watch

DAY = 288


def day_and_night(days: int, series: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    steps = np.arange(days * DAY)
    hours = np.repeat((steps // 12 % 24)[:, None], series, axis=1)
    values = 100 + 30 * np.sin(2 * np.pi * steps / DAY)[:, None] + rng.normal(0, 3, (len(steps), series))
    return values, hours


def run(watch: Watch, values: np.ndarray, hours: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    steps = [watch.step(row, hour) for row, hour in zip(values, hours, strict=True)]
    return tuple(np.array([getattr(step, name) for step in steps]) for name in ("score", "alert", "silent"))


def test_quiet_weeks_and_a_burst_found_at_once() -> None:
    values, hours = day_and_night(14, 40)
    values[12 * DAY : 12 * DAY + 6, 7] += 60
    _, alert, _ = run(Watch(40), values, hours)
    assert alert[12 * DAY : 12 * DAY + 6, 7].any()
    alert[12 * DAY : 12 * DAY + REFRACTORY, 7] = False
    assert alert.sum() / (40 * 2) <= 1.0, "at most one alert per series and week on clean data"


def test_after_an_alert_there_is_a_pause() -> None:
    values, hours = day_and_night(8, 1)
    values[7 * DAY : 7 * DAY + 100] += np.linspace(100, 5000, 100)[:, None]
    _, alert, _ = run(Watch(1), values, hours)
    assert alert[7 * DAY : 7 * DAY + REFRACTORY].sum() == 1


def test_missing_is_neither_scored_nor_learnt() -> None:
    values, hours = day_and_night(4, 2)
    values[3 * DAY :, 1] = np.nan
    watch = Watch(2)
    score, alert, silent = run(watch, values, hours)
    assert np.isnan(score[3 * DAY :, 1]).all()
    assert not alert[3 * DAY :, 1].any()
    assert silent[:, 1].sum() == 1, "told once"
    assert silent[:, 0].sum() == 0


def test_an_irregular_source_is_given_more_patience() -> None:
    silence = Silence(2)
    said = []
    for step in range(400):
        came = np.array([step < 300, step < 300 and step % 10 == 0])
        said.append(silence.step(came))
    said = np.array(said)
    assert said[:, 0].nonzero()[0].tolist() == [302]
    assert said[:290, 1].sum() == 0
    assert said[300:, 1].sum() == 1


def test_state_restores_the_same_future(tmp_path) -> None:
    values, hours = day_and_night(3, 5)
    watch = Watch(5)
    run(watch, values[: 2 * DAY], hours[: 2 * DAY])
    np.savez(tmp_path / "w.npz", **watch.state())
    with np.load(tmp_path / "w.npz", allow_pickle=False) as arrays:
        again = Watch.restore(dict(arrays))
    for first, second in zip(
        run(watch, values[2 * DAY :], hours[2 * DAY :]), run(again, values[2 * DAY :], hours[2 * DAY :]), strict=True
    ):
        np.testing.assert_array_equal(first, second)


def test_growing_keeps_the_old_series_as_they_were() -> None:
    values, hours = day_and_night(3, 3)
    watch = Watch(2)
    run(watch, values[: 2 * DAY, :2], hours[: 2 * DAY, :2])
    grown = watch.grown(3)
    old = run(watch, values[2 * DAY :, :2], hours[2 * DAY :, :2])[0]
    new = run(grown, values[2 * DAY :], hours[2 * DAY :])[0]
    np.testing.assert_array_equal(old, new[:, :2])


@pytest.mark.parametrize("bad", [np.nan, 0.0, np.inf, 1e300])
def test_hostile_series_do_not_crash(bad: float) -> None:
    values, hours = day_and_night(2, 3)
    values[:, 1] = bad
    values[300:, 2] = bad
    score, _, _ = run(Watch(3), values, hours)
    assert np.isfinite(score[:, 0]).all()
    assert len(KINDS) == 3
