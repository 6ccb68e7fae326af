"""Incidents: alerts that people work on together, from the first look to the lessons.

Question: what happened, how far are we, who does what until when, and what proves it?
In: alerts, people's decisions, evidence.  Out: cases whose state is a projection of append-only, hash-chained case
events; durations, service timers, reports, STIX 2.1 and OCSF.
"""

from ops.incidents.case import Case
from ops.incidents.service import Incidents
from ops.incidents.state import State

__all__ = ["Case", "Incidents", "State"]
