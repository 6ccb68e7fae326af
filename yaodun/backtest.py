"""What rules would have found on files of events; on stored ones ``analytics.rules.backtest`` answers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from analytics.rules import RuleSet
from analytics.rules.backtest import Hits, count_hits
from yaodun.eventfiles import EventReader, event_files


def backtest_files(ruleset: RuleSet, files: Sequence[Path]) -> list[Hits]:
    """Hits per rule and day on files of events."""
    reader = EventReader()
    blocks = (block.events for path in files for file in event_files(path) for block in reader.blocks(file))
    return count_hits(ruleset, (events for events in blocks if events))
