"""What docs/graded-protection.md says: its counts are right, its example grades, its packs are there."""

from __future__ import annotations

import re
from pathlib import Path

from ops.baseline.registry import all_checks
from ops.controls.catalogue import Split, shipped_catalogue
from ops.controls.highrisk import guide_cases
from ops.grading.reading import objects_of
from ops.rulepacks.loader import SHIPPED

TEXT = (Path(__file__).parents[3] / "docs/graded-protection.md").read_text(encoding="utf-8")


def test_counts() -> None:
    items = shipped_catalogue().items
    splits = [item.split for item in items if item.level == 3 and item.ext == "general"]
    assert f"{len(items):,} requirements" in TEXT
    assert f"the {len(guide_cases())} cases" in TEXT
    assert f"runs {len(all_checks())} checks" in TEXT
    counts = [splits.count(each) for each in Split]
    assert [
        int(n) for n in re.search(r"items (\d+) are.*?(\d+) are.*?(\d+) follow.*?(\d+) need", TEXT, re.DOTALL).groups()
    ] == counts  # type: ignore[union-attr]


def test_the_example_is_a_valid_file() -> None:
    example = re.search(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    assert example
    (thing,) = objects_of(example[1].encode(), "docs")
    assert thing.s
    assert thing.stands_on


def test_every_pack_is_named() -> None:
    named = set(re.findall(r"`([a-z]+_[a-z0-9]+)`", TEXT))
    assert {path.stem for path in SHIPPED.glob("*.yaml")} <= named
