"""All jobs of the analysis service; the service calls ``run`` of each when its interval has passed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from analytics.graph.places import Places
from analytics.graph.seams import GraphSource
from analytics.models.lessons import Lessons
from analytics.scheduled.entities import KINDS
from analytics.scheduled.job import Job
from analytics.scheduled.judges import EntityJudge, LateralJudge, SourceJudge, TemplateJudge
from infra.store.seams import EventStore

HOUR = timedelta(hours=1)


def scheduled_jobs(
    store: EventStore,
    graph_sources: Sequence[GraphSource] = (),
    history: timedelta = timedelta(days=3),
    every: timedelta = HOUR,
    delay: timedelta = timedelta(minutes=2),
    places: Places | None = None,
    lessons: Lessons | None = None,
) -> tuple[Job, ...]:
    """The jobs over ``store``. ``every`` is the window of all; the first run reads ``history`` to learn what is usual.

    ``sources`` steps five minutes inside its windows, so that its own history is at least a day.
    ``lessons`` are what analysts answered to earlier findings.
    """
    taught = lessons or Lessons()
    judges = {f"behaviour.{kind.name}": EntityJudge(store, kind, lessons=taught) for kind in KINDS}
    jobs = [Job(name, every, history, judge, delay) for name, judge in judges.items()]
    jobs.append(Job("series.sources", every, history, SourceJudge(store), delay))
    jobs.append(Job("templates", every, history, TemplateJudge(store), delay))
    jobs.append(Job("graph.lateral", every, history, LateralJudge(store, graph_sources, places), delay))
    return tuple(jobs)
