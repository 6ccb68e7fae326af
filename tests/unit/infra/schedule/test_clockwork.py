"""Fires: none lost, none doubled, through restarts, crashes and clock jumps, as the catch-up policy says."""

from datetime import UTC, datetime, timedelta

import pytest
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.schedulers.base import STATE_RUNNING, STATE_STOPPED
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.clock import ManualClock
from infra.errors import AppError
from infra.feed import Feed
from infra.schedule import CatchUp, Clockwork, Every, Once, Schedule, Schedules
from tests.fresh import fresh_records

START = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Timers:
    """An APScheduler that never runs by itself: it tells what is set, and the test lets the time come."""

    state = STATE_STOPPED

    def __init__(self):
        self.real = BackgroundScheduler(timezone="UTC")
        self.due: dict[str, datetime] = {}

    def add_job(self, call, trigger, *, args, id, **_):  # noqa: A002 - APScheduler's name
        self.due[id] = trigger.run_date

    def remove_job(self, schedule):
        self.due.pop(schedule, None)


class Killed(BaseException):
    """The process dies here."""


class Site:
    def __init__(self, folder):
        self.records = fresh_records(folder)
        self.clock = ManualClock(START)
        self.schedules = Schedules(self.records, self.clock)
        self.ran: list[tuple[str, datetime, int]] = []
        self.die = False
        self.restart()

    def restart(self):
        self.timers = Timers()
        self.clockwork = Clockwork(self.records, self.timers, {"job": self.job, "bad": lambda fire: 1 / 0}, self.clock)
        return self.clockwork.start()

    def job(self, fire):
        if self.die:
            raise Killed
        self.ran.append((fire.schedule, fire.due, fire.attempt))

    def pass_time(self, seconds):
        """Let the timers go off one after the other until the clock has advanced."""
        end = self.clock.now() + timedelta(seconds=seconds)
        while self.timers.due and min(self.timers.due.values()) <= end:
            schedule = min(self.timers.due, key=self.timers.due.get)
            due = self.timers.due.pop(schedule)
            self.clock.advance(max(0.0, (due - self.clock.now()).total_seconds()))
            self.clockwork.tick(schedule)
        self.clock.advance((end - self.clock.now()).total_seconds())


@pytest.fixture
def site(tmp_path):
    found = Site(tmp_path)
    yield found
    found.records.close()


def hourly(catch_up=CatchUp.ONCE, **more) -> Schedule:
    return Schedule(id="s", job="job", timing=Every(3600.0, START), catch_up=catch_up, **more)


def times(site) -> list[float]:
    return [(due - START) / HOUR for _, due, _ in site.ran]


def test_fires_on_time(site):
    site.schedules.save("test", hourly())
    site.restart()
    site.pass_time(3.5 * 3600)
    assert times(site) == [1, 2, 3]


@pytest.mark.parametrize(
    ("policy", "expected"), [(CatchUp.SKIP, [4]), (CatchUp.ONCE, [3, 4]), (CatchUp.ALL, [1, 2, 3, 4])]
)
def test_what_was_missed_while_nobody_was_there(site, policy, expected):
    site.schedules.save("test", hourly(policy))
    site.clock.advance(3.5 * 3600)
    site.restart()
    site.pass_time(3600)
    assert times(site) == expected


def test_a_second_tick_for_the_same_time_changes_nothing(site):
    site.schedules.save("test", hourly())
    site.clock.advance(3600)
    assert site.clockwork.tick("s") == 1
    assert site.clockwork.tick("s") == 0
    assert Clockwork(site.records, Timers(), {"job": site.job}, site.clock).tick("s") == 0
    assert times(site) == [1]


def test_a_clock_that_jumps_forward_and_back(site):
    site.schedules.save("test", hourly(CatchUp.ALL))
    site.restart()
    site.clock.advance(2.5 * 3600)
    site.clockwork.tick("s")
    site.clock.advance(-2 * 3600)
    site.clockwork.tick("s")
    site.pass_time(3 * 3600)
    assert times(site) == [1, 2, 3]


def test_what_a_crash_cut_off_is_tried_again(site):
    site.schedules.save("test", hourly())
    site.clock.advance(3600)
    site.die = True
    with pytest.raises(Killed):
        site.clockwork.tick("s")
    site.die = False
    site.restart()
    assert site.ran == [("s", START + HOUR, 2)]
    site.restart()
    assert len(site.ran) == 1


def test_what_kills_every_time_is_given_up(site):
    site.schedules.save("test", hourly())
    site.clock.advance(3600)
    site.die = True
    for step in (lambda: site.clockwork.tick("s"), *[site.restart] * 4):
        with pytest.raises(Killed):
            step()
    assert site.restart() == 1
    (fire,) = site.schedules.fires("s")
    assert (fire.state, fire.attempts) == ("failed", 5)


def test_a_job_that_fails_is_noted_and_the_next_fire_comes(site):
    site.schedules.save("test", Schedule(id="b", job="bad", timing=Every(3600.0, START)))
    site.schedules.save("test", Schedule(id="n", job="nobody", timing=Every(3600.0, START)))
    site.restart()
    site.pass_time(2 * 3600)
    assert [(fire.state, "ZeroDivisionError" in fire.problem) for fire in site.schedules.fires("b")] == [
        ("failed", True)
    ] * 2
    assert "nobody" in site.schedules.fires("n")[0].problem


def test_disabled_and_removed_schedules_do_not_fire(site):
    site.schedules.save("test", hourly(enabled=False))
    site.schedules.save("test", Schedule(id="o", job="job", timing=Once(START + HOUR)))
    site.restart()
    site.schedules.remove("test", "o")
    site.pass_time(2 * 3600)
    assert site.ran == []
    with pytest.raises(AppError):
        site.schedules.remove("test", "o")


def test_once_fires_once(site):
    site.schedules.save("test", Schedule(id="o", job="job", timing=Once(START + HOUR)))
    site.restart()
    site.pass_time(5 * 3600)
    site.restart()
    assert times(site) == [1]


def test_changes_reach_the_timers_through_the_feed(site):
    feed = Feed(site.records, site.clock)
    site.clockwork.listen(feed)
    site.schedules.save("test", hourly())
    assert site.timers.due == {}
    feed.poll()
    assert site.timers.due == {"s": START + HOUR}
    site.schedules.save("test", Schedule(id="s", job="job", timing=Every(60.0, START)))
    feed.poll()
    assert site.timers.due == {"s": START + HOUR / 60}
    site.schedules.remove("test", "s")
    feed.poll()
    assert site.timers.due == {}


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.one_of(st.integers(1, 9000), st.just("restart"), st.just("crash")), max_size=12))
def test_all_means_all_whatever_happens(tmp_path_factory, steps):
    site = Site(tmp_path_factory.mktemp("s"))
    try:
        site.schedules.save("test", hourly(CatchUp.ALL))
        site.restart()
        for step in steps:
            if step == "crash":
                site.clock.advance(3600)
                site.die = True
                with pytest.raises(Killed):
                    site.clockwork.tick("s")
                site.die = False
            if isinstance(step, int):
                site.pass_time(step)
            else:
                site.restart()
        site.clockwork.tick("s")
        hours = int((site.clock.now() - START) / HOUR)
        assert sorted(times(site)) == list(range(1, hours + 1))
    finally:
        site.records.close()


def test_old_fires_are_swept(site):
    site.schedules.save("test", hourly(CatchUp.ALL))
    site.restart()
    site.pass_time(7200)
    site.clock.advance(31 * 86_400)
    assert site.clockwork.sweep() == 2


def test_the_real_scheduler_fires_through_it(tmp_path):
    """APScheduler itself, real time: a schedule due now runs at once."""
    import threading

    records, done = fresh_records(tmp_path), threading.Event()
    schedules = Schedules(records)
    scheduler = BackgroundScheduler(timezone="UTC")
    clockwork = Clockwork(records, scheduler, {"job": lambda fire: done.set()})
    now = datetime.now(UTC)
    schedules.save("test", Schedule(id="s", job="job", timing=Once(now + timedelta(seconds=0.2))))
    assert clockwork.start() == 1
    scheduler.start()
    assert done.wait(10)
    clockwork.stop()
    (fire,) = schedules.fires("s")
    assert (fire.state, clockwork.tick("s")) == ("done", 0)
    records.close()


def test_timers_of_a_running_scheduler_are_set_while_it_rests_and_it_goes_on_afterwards(tmp_path):
    records, scheduler = fresh_records(tmp_path), BackgroundScheduler(timezone="UTC")
    for number in range(3):
        Schedules(records).save("anna", Schedule(id=f"s{number}", job="job", timing=Every(3600.0, START)))
    scheduler.start()
    clockwork = Clockwork(records, scheduler, {"job": lambda fire: None})
    try:
        assert clockwork.start() == 3
        assert scheduler.state == STATE_RUNNING
        assert {job.id for job in scheduler.get_jobs()} == {"s0", "s1", "s2"}
    finally:
        clockwork.stop()
