"""Live push: each viewer hears what changed since its own last beat; nobody asks the store while nobody looks."""

import asyncio

from dashboards.app import changed_topics
from dashboards.live import Watch


class Counting:
    def __init__(self) -> None:
        self.asked = 0
        self.found = {"alerts": 1, "posture": 1}

    def versions(self) -> dict[str, int]:
        self.asked += 1
        return dict(self.found)


async def test_a_viewer_hears_of_changes_only() -> None:
    pulse = Counting()
    beats = Watch(pulse, poll_s=0.01, settle_s=0.01, beat_s=5.0).beats()
    assert await anext(beats) == []
    assert await anext(beats) == []
    pulse.found = {"alerts": 2, "posture": 1}
    assert await asyncio.wait_for(anext(beats), 5) == ["alerts"]
    await beats.aclose()


async def test_quiet_times_tick() -> None:
    beats = Watch(Counting(), poll_s=0.01, settle_s=0.0, beat_s=0.05).beats()
    heard = [await asyncio.wait_for(anext(beats), 5) for _ in range(4)]
    assert ["tick"] in heard
    await beats.aclose()


async def test_one_task_asks_for_all_viewers_and_stops_with_the_last() -> None:
    pulse = Counting()
    watch = Watch(pulse, poll_s=0.01, settle_s=0.0, beat_s=5.0)
    viewers = [watch.beats() for _ in range(20)]
    for viewer in viewers:
        await anext(viewer)
    await asyncio.gather(*(anext(viewer) for viewer in viewers))
    assert pulse.asked < 20
    for viewer in viewers:
        await viewer.aclose()
    await asyncio.wait_for(watch.stopped(), 5)
    asked = pulse.asked
    await asyncio.sleep(0.05)
    assert pulse.asked == asked


async def test_a_failing_pulse_is_asked_again() -> None:
    pulse = Counting()
    working = pulse.versions

    def failing() -> dict[str, int]:
        pulse.versions = working  # type: ignore[method-assign]
        raise OSError("away")

    pulse.versions = failing  # type: ignore[method-assign]
    beats = Watch(pulse, poll_s=0.01, settle_s=0.0, beat_s=5.0).beats()
    await anext(beats)
    await asyncio.wait_for(anext(beats), 5)
    assert pulse.asked >= 1
    await beats.aclose()


def test_what_a_superseded_question_asked_for_is_asked_again() -> None:
    pulse, again = {"topics": {"alerts": 10.0, "tick": 12.0}}, {"topics": ["part:open"], "at": 7}
    topics, reached = changed_topics(pulse, again, {"pulse": 9.0, "again": 3})
    assert topics == {"alerts", "tick", "part:open"}
    # The answer never arrived, because a newer pulse came: the page still stands where it stood.
    pulse = {"topics": {"alerts": 10.0, "tick": 17.0}}
    topics, reached = changed_topics(pulse, again, {"pulse": 9.0, "again": 3})
    assert topics == {"alerts", "tick", "part:open"}
    assert changed_topics(pulse, again, reached) == (set(), reached)
    assert changed_topics(None, None, None) == (set(), {"pulse": 0.0, "again": 0.0})
