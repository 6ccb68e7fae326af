"""Work: orders, changes with their windows, the duty rota, drills.

Question: who does what until when, what may be changed when, who is on duty, and would we manage?
In: anomalies, requests, rotas, scenarios.  Out: orders with lights and escalation, approved windows that silence alerts
and gate playbooks, shifts with hand-over, drills with a score.
"""

from ops.work.changes import Changes
from ops.work.drills import Drills
from ops.work.duty import Duty
from ops.work.orders import Orders

__all__ = ["Changes", "Drills", "Duty", "Orders"]
