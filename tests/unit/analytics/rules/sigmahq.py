"""The public rules and events the tests measure themselves by; skipped, saying so, where they are not at hand."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from analytics.rules.load import load_rules
from analytics.rules.rule import RuleSet

DATA = Path(__file__).parents[5] / "shared" / "data"
SIGMA = DATA / "sigmahq"
EVENTS = DATA / "security-datasets" / "atomic" / "windows"
FOLDERS = ("rules", "rules-emerging-threats", "rules-threat-hunting")
FULL = os.environ.get("YAODUN_PROVE") == "full"

needs_sigma = pytest.mark.skipif(
    not SIGMA.is_dir(), reason="no SigmaHQ rules: put SigmaHQ/sigma at ../shared/data/sigmahq"
)
needs_events = pytest.mark.skipif(
    not EVENTS.is_dir(), reason="no events: put OTRF/Security-Datasets at ../shared/data/security-datasets"
)


@cache
def all_rules() -> RuleSet:
    """Every rule of the three folders, compiled once per test process."""
    return load_rules([SIGMA / folder for folder in FOLDERS])


def windows_lines(most: int, *, every: int = 1) -> Iterator[bytes]:
    """Up to ``most`` raw records, one in ``every``, over all archives."""
    given = seen = 0
    for path in sorted(EVENTS.rglob("*.zip")):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if not name.endswith(".json") or "__MACOSX" in name:
                    continue
                with archive.open(name) as file:
                    for line in file:
                        seen += 1
                        if line.strip() and seen % every == 0:
                            yield line
                            given += 1
                            if given >= most:
                                return
