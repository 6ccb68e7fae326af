"""What the runner does by the clock for casework: timers, supervision, inspections, missed ones."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping

import msgspec

from infra.schedule import Fire, Job, Schedule, Schedules
from infra.schedule.timing import Cron
from infra.text.catalogue import Language
from ops.incidents.legal import LegalWatch
from ops.incidents.timers import Watch
from ops.inspection.plans import DEFAULTS, JOB, RUNNER, Plan
from ops.reports import Kind, period_of
from yaodun.rooms.casework import Casework
from yaodun.site import Site

LONGEST_S = 900.0
"""What takes longer is ended; the clockwork keeps it as failed."""
REPORT = "ops.report"
REPORTS = ((Kind.DAILY, "10 8 * * *"), (Kind.WEEKLY, "20 8 * * 1"), (Kind.MONTHLY, "30 8 1 * *"))
"""When reports are written, in Beijing time."""


def jobs_of(site: Site) -> Mapping[str, Job]:
    """Jobs by name, for the clockwork. Each runs in a process of its own: the libraries they need are heavy."""

    def apart(fire: Fire) -> None:
        words = (sys.executable, "-m", "yaodun.workers.due", "--home", str(site.home.root))
        subprocess.run(words, input=msgspec.json.encode(fire), check=True, timeout=LONGEST_S, stdout=subprocess.DEVNULL)

    return {JOB: apart, REPORT: apart}


def minutely(site: Site, work: Casework) -> dict[str, Callable[[], int]]:
    """What is done every minute, each apart from the others; how many things each did."""
    watch = Watch(work.incidents, work.desk.clocks(), site.clock)
    return {
        "incident_stages": watch.look,
        "incident_reports": LegalWatch(work.incidents, work.desk.law, site.clock).look,
        "order_stages": work.orders.supervise,
        "inspections_missed": work.plans.tell_missed,
    }


def do(work: Casework, fire: Fire) -> None:
    """What a due time asks for: an inspection, or a report in both languages."""
    if fire.job == JOB:
        work.plans.fire(fire)
        return
    for tongue in Language:
        work.reports.write(RUNNER, period_of(Kind(fire.arguments["period"]), fire.due), tongue)


def plan_defaults(site: Site, work: Casework) -> None:
    """A new site has its plans of inspection and of reports; what was removed does not come back while others are."""
    schedules = Schedules(site.records, site.clock)
    if all(schedule.job != REPORT for schedule in schedules.all()):
        for kind, expression in REPORTS:
            timing = Cron(expression)
            schedules.save(RUNNER, Schedule(id=f"report/{kind}", job=REPORT, timing=timing, arguments={"period": kind}))
    if work.plans.all():
        return
    for plan, name, expression in DEFAULTS:
        work.plans.save(RUNNER, Plan(id=plan, list=name, timing=Cron(expression)))
