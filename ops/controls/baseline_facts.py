"""Host baselines as facts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from ops.baseline.registry import Finding
from ops.controls.facts import Fact, fact

VALID = timedelta(days=2)
COLLECTOR = "baseline"


def baseline_facts(asset: str, findings: Iterable[Finding], observed: datetime) -> Iterator[Fact]:
    """One fact per check; the evidence is the first place it was seen at."""
    for finding in findings:
        proofs = finding.outcome.evidence
        shown = "; ".join(f"{p.source}{f':{p.line}' if p.line else ''} {p.text}" for p in proofs[:3])
        kind = f"baseline.{finding.check.id}"
        yield fact(asset, kind, str(finding.outcome.verdict), observed, COLLECTOR, valid=VALID, evidence=shown[:600])
