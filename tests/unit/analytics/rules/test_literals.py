"""Finding literals and keywords: the fast ways agree with the plain one, with Hyperscan and without."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.rules import keywords, literals, prefilter
from analytics.rules.atoms import holds
from analytics.rules.literals import LiteralFinder, needed_literal
from analytics.rules.matcher import Matcher
from analytics.rules.rule import Atom
from analytics.rules.valuetable import Meaning, ValueTable
from tests.unit.analytics.rules.workshop import rule_of

TEXT = st.text(alphabet="aAbB\\*?é É–İßx\n", max_size=12)
WORDS = st.lists(TEXT.filter(bool).map(str.lower), min_size=1, max_size=20, unique=True)
ATOMS = st.lists(
    st.builds(
        Atom,
        st.just("process.command_line"),
        st.sampled_from(["eq", "contains", "startswith", "endswith", "wildcard"]),
        TEXT,
        st.booleans(),
    ),
    min_size=1,
    max_size=15,
    unique=True,
)


@pytest.fixture(params=["with", "without"])
def hyperscan(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "without":
        for module in (literals, keywords, prefilter):
            monkeypatch.setattr(module, "hyperscan", None)
    elif prefilter.hyperscan is None:
        pytest.skip("hyperscan is not installed: pip install yaodun[fast]")
    return str(request.param)


@settings(max_examples=150, deadline=None)
@given(words=WORDS, texts=st.lists(TEXT, max_size=6))
@pytest.mark.parametrize("patience", [1, 10**9])
def test_finder_finds_what_is_there(patience: int, words: list[str], texts: list[str]) -> None:
    finder = LiteralFinder(words)
    finder._patience = patience if finder._patience > 0 else finder._patience
    for text in texts:
        plain = {index for index, word in enumerate(words) if word in text.lower()}
        assert set(finder.find(text)) == plain


@settings(max_examples=150, deadline=None)
@given(atoms=ATOMS, values=st.lists(st.one_of(TEXT, st.none(), st.booleans(), st.integers(-1, 2)), max_size=6))
def test_a_table_says_what_each_atom_says(atoms: list[Atom], values: list[object]) -> None:
    table = ValueTable(Meaning(list(enumerate(atoms))))
    for value in [*values, *values, values]:
        plain = {number for number, atom in enumerate(atoms) if holds(atom, value)}
        key = tuple(value) if isinstance(value, list) else value
        assert table.sets[table.look(key)] == plain


@pytest.mark.parametrize(
    ("pattern", "needed"),
    [
        ("a.*foobar", "foobar"),
        ("(?:foo|bar)x+", "x"),
        ("(ab)?c", "c"),
        ("[ab]", ""),
        (r"\d+\.exe", ".exe"),
        ("x|y", ""),
    ],
)
def test_needed_literals_are_always_there(pattern: str, needed: str) -> None:
    assert needed_literal(Atom("f", "re", f"/{pattern}")) == needed


def test_keywords_are_found_however_json_spells_them(tmp_path: Path, hyperscan: str) -> None:
    matcher = Matcher(rule_of(tmp_path, "s: ['sekurlsa::', 'a/b', 'Größe']\ncondition: s"))
    for value in ("x SEKURLSA::y", "x a/b x", "die GRÖSSE größe"):
        record = {"event.module": "testing", "message": value}
        plain = json.dumps(record, ensure_ascii=False)
        spellings = [plain, json.dumps(record), plain.replace("/", "\\/"), plain.replace("s", "\\u0073")]
        spellings.append(plain.replace("S", "\\u0053").replace("a", "\\u0061"))
        for spelled in spellings:
            assert matcher.match(json.loads(spelled), spelled.encode()), spelled
    harmless = {"event.module": "testing", "message": "nothing"}
    assert not matcher.match(harmless, json.dumps(harmless).encode())


def test_regexes_with_and_without_hyperscan(tmp_path: Path, hyperscan: str) -> None:
    patterns = [r"^\d+$", r"[a-c]{3}", r"\bé\w", r"x$", r"(?=y)y", r"\s\S"]
    listed = ", ".join(f"'{pattern}'" for pattern in patterns)
    matcher = Matcher(rule_of(tmp_path, f"s: {{process.command_line|re: [{listed}]}}\ncondition: s"))
    answers = {
        text: bool(matcher.match({"event.module": "testing", "process.command_line": text}))
        for text in ("٣٤", "12", "zabcz", "éa", "x\n", "y", "a b", "Z", "")
    }
    assert answers == {
        "٣٤": True, "12": True, "zabcz": True, "éa": True, "x\n": True, "y": True, "a b": True, "Z": False, "": False,
    }  # fmt: skip
