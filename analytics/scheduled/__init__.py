"""What did the events of the last window show that no rule looks for?

In: the event store, read by aggregation.
Out: jobs with an interval; each run gives signals for the same alerts that rules feed.
"""

from analytics.scheduled.job import Job
from analytics.scheduled.jobs import scheduled_jobs

__all__ = ["Job", "scheduled_jobs"]
