"""How many rules of SigmaHQ a raw record of a real format fires, through the shipped parsers and the whole engine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from bench.figure import Row, figure
from tests.unit.analytics.rules.raw.excused import EXCUSED, REFUSED
from tests.unit.analytics.rules.raw.proof import Proof
from tests.unit.analytics.rules.sigmahq import all_rules


@figure("rules_can_fire")
def can_fire() -> Iterable[Row]:
    ruleset = all_rules()
    asked = [number for number, rule in enumerate(ruleset.rules) if rule.title not in EXCUSED]
    outcomes = list(Proof(ruleset).run(asked))
    fired = [outcome for outcome in outcomes if outcome.raw is not None]
    formats = Counter(outcome.raw.format for outcome in fired if outcome.raw)
    total = len(ruleset.rules) + len(ruleset.failures)
    excused = len(ruleset.rules) - len(asked) + sum(failure.rule_id in REFUSED for failure in ruleset.failures)
    most = ", ".join(f"{many} {name}" for name, many in formats.most_common(8))
    detail = f"of {total}, {excused} excused by name, {len(asked) - len(fired)} missed; {len(formats)} formats: {most}"
    yield Row("rules_can_fire", len(fired), "rules", detail=detail)
