"""Words of the analytics wing: both languages hold the same keys."""

import tomllib
from pathlib import Path

import pytest

TEXT = Path(__file__).parents[3] / "analytics" / "text"


def keys(tree: dict[str, object], prefix: str = "") -> set[str]:
    found = set()
    for key, value in tree.items():
        found |= keys(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}"}
    return found


@pytest.mark.parametrize("chinese", sorted(TEXT.glob("*zh-CN.toml")), ids=lambda path: path.name)
def test_both_languages_have_the_same_keys(chinese: Path) -> None:
    english = chinese.with_name(chinese.name.replace("zh-CN", "en"))
    left, right = (keys(tomllib.loads(path.read_text(encoding="utf-8"))) for path in (chinese, english))
    assert left == right
