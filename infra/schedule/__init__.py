"""Schedules as rows: what has to run when, so that a restart loses and doubles nothing.

In: a timing, a job's name and its arguments.  Out: fires, each with its due time, handed to the job once.
"""

from infra.schedule.clockwork import Clockwork, Fire, Job
from infra.schedule.schedules import CatchUp, Schedule, Schedules
from infra.schedule.timing import Cron, Every, Once, Timing

__all__ = ["CatchUp", "Clockwork", "Cron", "Every", "Fire", "Job", "Once", "Schedule", "Schedules", "Timing"]
