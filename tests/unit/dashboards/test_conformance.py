"""The matrix tells the truth: its pages and tests exist, and nothing is met without both."""

from pathlib import Path

import pytest

from dashboards.pages import ALL_PAGES
from dashboards.pages.conformance import LEVELS, Leaf, leaves
from infra.text.catalogue import catalogue

ROOT = Path(__file__).parents[3]


def test_every_function_is_there_once() -> None:
    assert len({leaf.id for leaf in leaves()}) == 21


@pytest.mark.parametrize("leaf", leaves(), ids=lambda leaf: leaf.id)
def test_what_is_said_to_be_met_has_a_page_and_tests(leaf: Leaf) -> None:
    assert leaf.state in LEVELS
    assert all((ROOT / path).exists() for path in leaf.tests)
    assert not leaf.page or any(page.matches(leaf.page) for page in ALL_PAGES)
    if leaf.state == "met":
        assert leaf.page
        assert leaf.tests
    if leaf.state == "none":
        assert not leaf.tests
    for language in ("zh-CN", "en"):
        words = catalogue(language)
        assert {f"dashboards.conformance.{kind}.{leaf.name}" for kind in ("leaf", "feature")} <= words.keys()
