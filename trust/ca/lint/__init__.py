"""Lint: is a certificate right, before it is signed and when it is inspected?

In: a certificate (unsigned ones carry an empty signature), its profile, its issuer.  Out: findings.
"""

from trust.ca.lint.rule import Finding, Level, Rule, Subject, lint, rules

__all__ = ["Finding", "Level", "Rule", "Subject", "lint", "rules"]
