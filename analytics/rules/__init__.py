"""Threat detection by Sigma rules (version 2.1 of the specification), matched on every event as it arrives.

In: rule files and conformed events.  Out: signals with the values that made them, and, for every rule that cannot
work, the place, the problem and the remedy.
"""

from analytics.rules.engine import Engine
from analytics.rules.load import load_rules
from analytics.rules.rule import Failure, Rule, RuleSet

__all__ = ["Engine", "Failure", "Rule", "RuleSet", "load_rules"]
