"""A rule cut out of a set: it gives what it gives in the whole set, and brings nothing else along."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from analytics.rules.cases import fires
from analytics.rules.closure import Closures
from analytics.rules.trial import raising
from tests.unit.analytics.rules.workshop import ruleset_of

MANY = 6


def rule(number: int) -> str:
    return f"""
    title: Rule {number}
    id: 00000000-0000-4000-8000-00000000000{number}
    name: rule_{number}
    logsource: {{product: testing}}
    level: high
    detection:
        a: {{destination.port: {number}}}
        b: {{user.name: root}}
        c: {{user.name|startswith: svc}}
        condition: a and (b or not c)
    """


def fed(number: int, *names: str) -> str:
    kind = "type: event_count" if len(names) == 1 else "type: temporal"
    bound = f"condition: {{gte: {1 if names[0].startswith('fed') else 2}}}" if len(names) == 1 else ""
    return f"""
    title: Correlation {number}
    id: 00000000-0000-4000-8000-0000000000a{number}
    name: fed_{number}
    level: high
    correlation:
        {kind}
        rules: [{", ".join(names)}]
        group-by: [source.ip]
        timespan: 5m
        {bound}
    """


def test_every_rule_gives_alone_what_it_gives_among_all(tmp_path: Path) -> None:
    documents = [rule(number) for number in range(MANY)]
    documents += [fed(0, "rule_0"), fed(1, "rule_1", "rule_2"), fed(2, "fed_0")]
    whole = raising(ruleset_of(tmp_path, *documents))
    assert not whole.failures
    closures, begun = Closures(whole), datetime(2026, 1, 1, tzinfo=UTC)
    answers = set()
    for port in range(MANY):
        for user in ("root", "svc", "anna"):
            events = [
                {
                    "event.module": "testing", "destination.port": port + at % 2, "user.name": user,
                    "source.ip": "10.0.0.1", "@timestamp": begun + timedelta(seconds=at), "event.id": f"e{at}",
                }
                for at in range(8)
            ]  # fmt: skip
            for one in whole.rules:
                alone, among = (fires(ruleset, one.id, events) for ruleset in (closures.of(one.id), whole))
                assert alone == among, (one.title, port, user)
                answers.add((one.id, among))
    assert {(one.id, held) for one in whole.rules for held in (True, False)} == answers


def test_a_cut_holds_the_rule_with_what_it_is_made_from_alone(tmp_path: Path) -> None:
    documents = [rule(number) for number in range(MANY)] + [fed(0, "rule_0"), fed(1, "rule_1"), fed(2, "fed_0")]
    whole = ruleset_of(tmp_path, *documents)
    cut = Closures(whole).of("00000000-0000-4000-8000-0000000000a2")
    assert {whole.rules[one.rule].title for one in cut.variants} == {"Rule 0"}
    assert [whole.rules[one.rule].title for one in cut.correlations] == ["Correlation 0", "Correlation 2"]
    assert {atom.value for atom in cut.atoms if atom.field == "destination.port"} == {"0"}
    assert Closures(whole).of("nobody").rules == ()
