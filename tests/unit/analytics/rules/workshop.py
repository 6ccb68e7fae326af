"""Makes rule sets from YAML written in a test, and says whether an event meets one."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

from analytics.rules.load import load_rules
from analytics.rules.matcher import Matcher
from analytics.rules.rule import RuleSet

HEAD = """
title: Test
id: 00000000-0000-4000-8000-000000000001
logsource: {product: testing}
level: high
"""


def ruleset_of(folder: Path, *documents: str) -> RuleSet:
    """The rules of documents, each in a file of its own."""
    for number, document in enumerate(documents):
        (folder / f"rule{number}.yml").write_text(textwrap.dedent(document), encoding="utf-8")
    return load_rules([folder])


def rule_of(folder: Path, detection: str) -> RuleSet:
    """A rule set of one rule with this detection section."""
    ruleset = ruleset_of(folder, HEAD + "detection:\n" + textwrap.indent(textwrap.dedent(detection), "    "))
    assert not ruleset.failures, [str(failure) for failure in ruleset.failures]
    return ruleset


def meets(ruleset: RuleSet, fields: dict[str, Any]) -> bool:
    """Whether an event of the test product meets the first rule, with and without memo."""
    event = {"event.module": "testing", **fields}
    remembered, plain = Matcher(ruleset), Matcher(ruleset, memo=False)
    answers = {bool(remembered.match(event)), bool(remembered.match(event)), bool(plain.match(event))}
    assert len(answers) == 1
    return answers.pop()
