"""Alerts: signals grouped by rule and entity, and what people do with them.

Question: what needs a person's judgement, since when, how often, and why?
In: signals.  Out: alerts with count, first and last seen, the values that matched, and a history of every action.
"""

from ops.alerts.grouping import GROUP_WINDOW
from ops.alerts.query import AlertQuery
from ops.alerts.record import AlertHistory, AlertRow, Disposition, State
from ops.alerts.service import Alert, AlertPage, Alerts

__all__ = [
    "GROUP_WINDOW",
    "Alert",
    "AlertHistory",
    "AlertPage",
    "AlertQuery",
    "AlertRow",
    "Alerts",
    "Disposition",
    "State",
]
