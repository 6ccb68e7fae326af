"""Situation reports (态势报告): daily, weekly, monthly; the same numbers as page and API, each with its evidence.

Question: how did the day, the week, the month go?
In: posture, alerts, incidents, work, inspections of a period.  Out: figures, and a paper of them in Word and HTML, in
Chinese and English, from templates a site may replace.
"""

from ops.reports.period import Kind, Period, period_of
from ops.reports.service import Reports

__all__ = ["Kind", "Period", "Reports", "period_of"]
