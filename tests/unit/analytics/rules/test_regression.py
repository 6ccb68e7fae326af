"""SigmaHQ's own regression cases: every one fires at least as often as it says, through our real EVTX parser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from analytics.rules.matcher import Matcher
from tests.unit.analytics.rules.sigmahq import SIGMA, all_rules, needs_sigma
from yaodun.eventfiles import EventReader, event_files

pytestmark = needs_sigma


def cases() -> list[tuple[str, int, Path]]:
    """Rule id, wanted count and file of every case."""
    found = []
    for info in sorted((SIGMA / "regression_data").rglob("info.yml")):
        tree: dict[str, Any] = yaml.safe_load(info.read_text(encoding="utf-8"))
        for one in tree["regression_tests_info"]:
            rule_id = tree["rule_metadata"][0]["id"]
            found.append((rule_id, int(one.get("match_count", 1)), SIGMA / one["path"]))
    return found


def missed_cases() -> list[tuple[str, int, int]]:
    """File, hits and wanted hits of the cases that fire too seldom."""
    ruleset = all_rules()
    matcher, reader = Matcher(ruleset), EventReader()
    wrong = []
    for rule_id, wanted, path in cases():
        number = ruleset.find(rule_id)
        hits = sum(
            any(ruleset.variants[index].rule == number for index in matcher.match(event))
            for file in event_files(path)
            for block in reader.blocks(file)
            for event in block.events
        )
        if number is None or hits < wanted:
            wrong.append((path.name, hits, wanted))
    return wrong


def fired_cases() -> tuple[int, int]:
    """How many cases fired as often as they say, of how many."""
    return len(cases()) - len(missed_cases()), len(cases())


def test_every_regression_case_fires() -> None:
    assert len(cases()) >= 113
    assert missed_cases() == []


@pytest.mark.parametrize("folder", ["rules", "rules-emerging-threats", "rules-threat-hunting"])
def test_every_rule_is_mapped(folder: str) -> None:
    failures = [failure for failure in all_rules().failures if f"/{folder}/" in failure.place]
    assert [failure for failure in failures if failure.key != "placeholder"] == []
