"""The look keeps its own rules: colours in one file and readable, every word in both languages, every drawing drawn."""

import re
import tomllib
from itertools import product
from pathlib import Path

import pytest

from infra.text.catalogue import LANGUAGES

ROOM = Path(__file__).parents[3] / "dashboards"
SOURCES = [path for path in ROOM.rglob("*") if path.suffix in (".py", ".css", ".js")]
TOKENS = ROOM / "assets" / "10-tokens.css"
HEX = re.compile(r"#[0-9a-fA-F]{3,8}\b")
CALL = re.compile(r"""\b(?:t|counted)\(\s*"([a-z_0-9.]+)\"""")


def tokens(theme: str) -> dict[str, str]:
    """The hex tokens of a theme."""
    block = re.search(rf'data-theme="{theme}"\] {{(.*?)}}', TOKENS.read_text(encoding="utf-8"), re.DOTALL)
    assert block
    return dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6});", block[1]))


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    """Contrast ratio, WCAG 2.2."""
    high, low = sorted((luminance(first), luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_both_themes_have_the_same_tokens() -> None:
    assert tokens("dark").keys() == tokens("light").keys()


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_text_is_readable_on_every_ground(theme: str) -> None:
    found = tokens(theme)
    words = ("text", "text2", "text3", "accent", "critical", "high", "medium", "low", "ok")
    for word, ground in product(words, ("bg", "surface", "raised", "hover")):
        assert contrast(found[word], found[ground]) >= 4.5, (word, ground)
    assert contrast(found["accent-on"], found["accent-fill"]) >= 4.5


def test_no_colour_outside_the_token_file() -> None:
    for path in SOURCES:
        if path == TOKENS or path.name == "40-icons.css":
            continue
        assert not HEX.findall(re.sub(r"url\([^)]*\)", "", path.read_text(encoding="utf-8"))), path.name


def words_of(language: str) -> set[str]:
    """All keys of the room in a language."""
    found: set[str] = set()
    for path in (ROOM / "text").glob(f"*.{language}.toml"):
        found |= set(flat(tomllib.loads(path.read_text(encoding="utf-8"))))
    return found


def flat(tree: dict[str, object], prefix: str = "") -> list[str]:
    """Dotted keys."""
    made = []
    for key, value in tree.items():
        made += flat(value, f"{prefix}{key}.") if isinstance(value, dict) else [f"{prefix}{key}"]
    return made


def test_both_languages_have_the_same_words() -> None:
    first, second = (words_of(language) for language in LANGUAGES)
    assert first == second
    assert len(first) > 300


def test_every_word_a_page_says_is_in_the_catalogue() -> None:
    known = words_of("zh-CN")
    for path in ROOM.rglob("*.py"):
        for key in CALL.findall(path.read_text(encoding="utf-8")) if path.name != "words.py" else ():
            assert f"dashboards.{key}" in known, (path.name, key)


def test_every_part_has_a_name_for_its_error() -> None:
    from dashboards.pages import ALL_PAGES

    known = words_of("en")
    for page in ALL_PAGES:
        assert f"dashboards.page.{page.name}" in known
        for part in page.parts:
            assert f"dashboards.part.{part.name}" in known


def test_no_chinese_outside_the_catalogue() -> None:
    han = re.compile(r"[\u4e00-\u9fff]")
    for path in SOURCES:
        text = path.read_text(encoding="utf-8")
        text = re.sub(r'"""(.*?)"""', "", text, flags=re.DOTALL)
        if path.name == "figures.py":
            continue
        assert not han.search(text), path.name


def test_every_drawing_exists() -> None:
    drawn = set(re.findall(r"\.i-([a-z]+)", (ROOM / "assets" / "40-icons.css").read_text(encoding="utf-8")))
    from dashboards.pages import SECTIONS

    used = {section.name for section in SECTIONS}
    for path in ROOM.rglob("*.py"):
        used |= set(re.findall(r'\bicon\("([a-z]+)"', path.read_text(encoding="utf-8")))
    assert used <= drawn


def test_every_entry_of_the_rail_has_a_name_and_fits_a_common_screen() -> None:
    from dashboards.pages import SECTIONS

    known = words_of("zh-CN")
    assert [section.name for section in SECTIONS if f"dashboards.section.{section.name}" not in known] == []
    assert len(SECTIONS) <= 15


def test_a_page_does_not_restyle_the_parts_of_others() -> None:
    """A class that a page's own sheet styles by its bare name stands in no sheet before it."""
    used: dict[str, str] = {}
    for path in sorted((ROOM / "assets").glob("*.css")):
        sheet = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        selectors = [one.strip() for found in re.findall(r"([^{}]+)\{", sheet) for one in found.split(",")]
        bare = {one.split(":")[0] for one in selectors if re.fullmatch(r"\.[a-z][\w-]*(:[\w-]+)*", one)}
        if path.name >= "55":
            assert {name: used[name] for name in bare if name in used} == {}, path.name
        used |= {name: path.name for one in selectors for name in re.findall(r"\.[a-z][\w-]*", one)}
