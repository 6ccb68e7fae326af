"""An incident as an OCSF Incident Finding (class 2005, schema 1.3)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ops.alerts import Alert
from ops.incidents.case import Case
from ops.incidents.state import State

VERSION = "1.3.0"
SEVERITY = {"informational": 1, "low": 2, "medium": 3, "high": 4, "critical": 5}
STATUS = {State.NEW: 1, State.TRIAGE: 2, State.CONTAIN: 2, State.ERADICATE: 2, State.RECOVER: 2, State.REVIEW: 4,
          State.CLOSED: 5, State.REOPENED: 2}  # fmt: skip
STATUS_NAMES = {1: "New", 2: "In Progress", 3: "On Hold", 4: "Resolved", 5: "Closed"}
VERDICT = {"": 0, "false_positive": 1, "true_positive": 2, "benign": 5, "undetermined": 0}
VERDICT_NAMES = {0: "Unknown", 1: "False Positive", 2: "True Positive", 5: "Benign"}
ACTIVITY = {True: (1, "Create"), False: (2, "Update")}


def finding(case: Case, alerts: list[Alert]) -> dict[str, Any]:
    """The finding. Moments are milliseconds since 1970 and RFC 3339 beside them."""
    activity, activity_name = (3, "Close") if not case.open else ACTIVITY[case.events <= 2]
    status = 3 if case.paused else STATUS[case.state]
    verdict = VERDICT.get(case.verdict, 0)
    return {
        "class_uid": 2005, "class_name": "Incident Finding", "category_uid": 2, "category_name": "Findings",
        "activity_id": activity, "activity_name": activity_name, "type_uid": 2005 * 100 + activity,
        "type_name": f"Incident Finding: {activity_name}",
        "time": _ms(case.changed), "time_dt": case.changed.isoformat(),
        "start_time": _ms(case.first_seen), "end_time": _ms(case.last_seen),
        "severity_id": SEVERITY[case.level], "severity": case.level.capitalize(),
        "status_id": status, "status": STATUS_NAMES[status], "verdict_id": verdict, "verdict": VERDICT_NAMES[verdict],
        "desc": case.title, "comment": case.description, "is_suspected_breach": case.verdict == "true_positive",
        "priority_id": min(4, max(1, SEVERITY[case.level] - 1)),
        **({"assignee": {"uid": case.owner}} if case.owner else {}),
        "metadata": {
            "version": VERSION, "uid": case.id, "logged_time": _ms(case.changed),
            "product": {"name": "Yaodun", "vendor_name": "Yaodun"},
        },
        "finding_info_list": [_info(alert) for alert in alerts] or [{"uid": case.id, "title": case.title}],
        "attacks": [{"technique": {"uid": technique}, "version": "18"} for technique in case.techniques],
        "observables": [{"name": clue.kind, "type_id": _type(clue.kind), "value": clue.value} for clue in case.clues],
        "unmapped": {"state": case.state, "systems": list(case.systems), "dimensions": list(case.dimensions)},
    }  # fmt: skip


def _info(alert: Alert) -> dict[str, Any]:
    return {
        "uid": alert.id, "title": alert.rule["name"], "types": [alert.rule["detector"]],
        "first_seen_time": _ms(alert.first_seen), "last_seen_time": _ms(alert.last_seen),
        "analytic": {"uid": alert.rule["id"], "name": alert.rule["name"], "type_id": 1},
        "related_events": [{"uid": event, "type_uid": 0} for event in alert.event_ids[:50]],
    }  # fmt: skip


def _type(kind: str) -> int:
    """OCSF observable types: hostname 1, IP 2, user name 4, URL 6, file name 7, hash 8, process name 9, other 99."""
    known = {"host": 1, "domain": 1, "ip": 2, "user": 4, "account": 4, "url": 6, "file": 7, "path": 7, "hash": 8,
             "sha256": 8, "process": 9}  # fmt: skip
    return known.get(kind, 99)


def _ms(value: datetime) -> int:
    return int(value.timestamp() * 1000)
