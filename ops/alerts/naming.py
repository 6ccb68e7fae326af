"""What a rule is called: in the reader's language where we have a name, else as its author wrote it."""

from __future__ import annotations

from infra.text import known
from ops.alerts.service import Alert


def rule_words(rule: str, written: str) -> str:
    """The name of the rule with this id; ``written`` where no catalogue has one."""
    family, _, detector = rule.partition(".")
    if family == "business" and (title := known(f"analytics.business_titles.{detector}")):
        return title
    return known(f"analytics.rule.{rule}") or known(f"collectors.rule.{rule}") or written


def titled(alert: Alert) -> str:
    """What an alert is called: by its rule."""
    return rule_words(alert.rule["id"], alert.rule["name"])
