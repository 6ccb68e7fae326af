"""What the runner does by the clock for casework: timers, supervision, inspections, missed ones."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping

import msgspec

from infra.schedule import Fire, Job
from infra.schedule.timing import Cron
from ops.incidents.timers import Watch
from ops.inspection.plans import DEFAULTS, JOB, RUNNER, Plan
from yaodun.rooms.casework import Casework
from yaodun.site import Site

LONGEST_S = 900.0
"""An inspection that takes longer is ended; the clockwork keeps it as failed."""


def jobs_of(site: Site) -> Mapping[str, Job]:
    """Jobs by name, for the clockwork. Each runs in a process of its own: the libraries they need are heavy."""

    def inspect(fire: Fire) -> None:
        words = (sys.executable, "-m", "yaodun.workers.inspecting", "--home", str(site.home.root))
        subprocess.run(words, input=msgspec.json.encode(fire), check=True, timeout=LONGEST_S, stdout=subprocess.DEVNULL)

    return {JOB: inspect}


def minutely(site: Site, work: Casework) -> dict[str, Callable[[], int]]:
    """What is done every minute, each apart from the others; how many things each did."""
    watch = Watch(work.incidents, work.desk.clocks(), site.clock)
    return {
        "incident_stages": watch.look,
        "order_stages": work.orders.supervise,
        "inspections_missed": work.plans.tell_missed,
    }


def plan_defaults(work: Casework) -> None:
    """A new site has its plans of inspection; what was once removed does not come back while others are there."""
    if work.plans.all():
        return
    for plan, name, expression in DEFAULTS:
        work.plans.save(RUNNER, Plan(id=plan, list=name, timing=Cron(expression)))
