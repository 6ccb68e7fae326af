"""Inspection (巡检): is everything as it should be, looked at on schedule, with evidence, until it is mended?

Question: was it looked at, what was found, and is it mended?
In: versioned check lists, targets, schedules.  Out: runs with a result per item and evidence, hashed reports, work
orders for anomalies that a second look closes, alerts for looks that were missed.
"""

from ops.inspection.lists import CheckList, shipped_lists
from ops.inspection.service import Inspections

__all__ = ["CheckList", "Inspections", "shipped_lists"]
