"""JUnit XML, for the pipelines that show test results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr


@dataclass(frozen=True, slots=True)
class Outcome:
    """One test: where it belongs, its name, and what went wrong ('' where nothing did)."""

    group: str
    name: str
    problem: str = ""


def junit(suite: str, outcomes: Sequence[Outcome]) -> str:
    """The document for a suite."""
    failed = sum(bool(outcome.problem) for outcome in outcomes)
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    lines.append(
        f"<testsuite name={quoteattr(suite)} tests={quoteattr(str(len(outcomes)))} failures={quoteattr(str(failed))}>"
    )
    for outcome in outcomes:
        opening = f"  <testcase classname={quoteattr(outcome.group)} name={quoteattr(outcome.name)}"
        if outcome.problem:
            message = outcome.problem.splitlines()[0]
            lines.append(
                f"{opening}><failure message={quoteattr(message)}>{escape(outcome.problem)}</failure></testcase>"
            )
        else:
            lines.append(f"{opening}/>")
    lines.append("</testsuite>")
    return "\n".join(lines) + "\n"
