"""Loading: filters, placeholders, hostile files, places of what is wrong, the cache."""

from __future__ import annotations

from pathlib import Path

import pytest

from analytics.rules.load import load_rules
from analytics.rules.rule import RuleSet
from tests.unit.analytics.rules.workshop import HEAD, meets, ruleset_of

GOOD = HEAD + "detection: {s: {user.name: x}, condition: s}\n"


def failures(folder: Path, text: str | bytes) -> list[str]:
    """What is said of a file beside a good one, which always loads."""
    (folder / "good.yml").write_text(GOOD, encoding="utf-8")
    path = folder / "bad.yml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    ruleset = load_rules([folder])
    assert len(ruleset.rules) == 1
    return [f"{failure.place.removeprefix(str(path))} {failure.key}" for failure in ruleset.failures]


def rule(detection: str) -> str:
    return HEAD.replace("0001", "0002") + f"detection:\n{detection}"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("title: x\n  bad: [", ":2:6 yaml"),
        ("- 1\n- 2\n", ":1:1 not_rule"),
        ("title: a\ntitle: b\n", ":2:1 yaml"),
        (b"\xff\xfe\x00", ":1:1 unreadable"),
        (rule("    s: {user.name|contain: x}\n    condition: s"), ":7:9 invalid"),
        (rule("    s: {user.name: x}\n    condition: s and t"), ":8:5 invalid"),
        (rule("    s: {user.name: x}\n    condition: s | count() > 3"), ":8:5 invalid"),
        (rule("    s: {user.name: x}\n    condition: 1 of nothing*"), ":8:5 invalid"),
        (rule("    s: {user.name|re: '(a+)+$'}\n    condition: s"), ":7:9 unsupported"),
        (rule("    s: {user.name|re: '(unclosed'}\n    condition: s"), ":7:9 invalid"),
        (rule("    s: {user.name|expand: '%nobody%'}\n    condition: s"), ":7:9 placeholder"),
        (rule("    s: {source.ip|cidr: 300.0.0.0/8}\n    condition: s"), ":7:9 invalid"),
        (rule("    s: {user.name: x}"), ":6:1 invalid"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, text: str | bytes, told: str) -> None:
    assert failures(tmp_path, text) == [told]


def test_yaml_bomb(tmp_path: Path) -> None:
    levels = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9))
    assert failures(tmp_path, f"a0: &a0 [x]\n{levels}\n") == [":1:1 aliases"]


def test_deep_nesting(tmp_path: Path) -> None:
    (told,) = failures(tmp_path, "a: " + "[" * 20_000)
    assert told.endswith("yaml")


def test_a_huge_file(tmp_path: Path) -> None:
    assert failures(tmp_path, b"title: " + b"x" * (10 << 20)) == [":1:1 too_large"]


def test_messages_name_place_problem_and_remedy(tmp_path: Path) -> None:
    (tmp_path / "bad.yml").write_text("title: x\n  bad: [")
    (failure,) = load_rules([tmp_path]).failures
    words = str(failure)
    assert words.startswith(f"{tmp_path / 'bad.yml'}:2:6: ")
    assert words.count(";") == 1


FILTER = """
title: Filter
id: 00000000-0000-4000-8000-0000000000f1
logsource: {product: testing}
filter:
  rules: [00000000-0000-4000-8000-000000000001]
  known: {host.name: safe}
  condition: not known
"""


def test_filters_are_anded_as_written(tmp_path: Path) -> None:
    """pySigma's polarity: the filter's condition must hold, too."""
    ruleset = ruleset_of(tmp_path, GOOD, FILTER)
    assert ruleset.failures == []
    assert meets(ruleset, {"user.name": "x", "host.name": "other"})
    assert not meets(ruleset, {"user.name": "x", "host.name": "safe"})


def test_filters_for_other_rules_or_sources_change_nothing(tmp_path: Path) -> None:
    other = FILTER.replace("000000000001]", "000000000009]")
    source = FILTER.replace("{product: testing}", "{product: other}").replace("f1", "f2")
    assert meets(ruleset_of(tmp_path, GOOD, other, source), {"user.name": "x", "host.name": "safe"})


def test_a_filter_for_any_rule(tmp_path: Path) -> None:
    ruleset = ruleset_of(tmp_path, GOOD, FILTER.replace("[00000000-0000-4000-8000-000000000001]", "any"))
    assert not meets(ruleset, {"user.name": "x", "host.name": "safe"})


PLACEHOLDER = HEAD + "detection: {s: {user.name|expand: 'a_%who%'}, condition: s}"


def test_placeholders_from_the_file_beside(tmp_path: Path) -> None:
    (tmp_path / "placeholders.yml").write_text("who: [one, 'two*']\n")
    ruleset = ruleset_of(tmp_path, PLACEHOLDER)
    assert [meets(ruleset, {"user.name": name}) for name in ("a_one", "a_twofold", "a_three")] == [True, True, False]


def test_placeholders_given(tmp_path: Path) -> None:
    (tmp_path / "rule.yml").write_text(PLACEHOLDER)
    assert meets(load_rules([tmp_path], {"who": ["one"]}), {"user.name": "a_one"})


def test_global_and_repeat_actions(tmp_path: Path) -> None:
    text = """
    action: global
    title: Both
    logsource: {product: testing}
    level: low
    ---
    id: 00000000-0000-4000-8000-0000000000a1
    detection: {s: {user.name: one}, condition: s}
    ---
    id: 00000000-0000-4000-8000-0000000000a2
    detection: {s: {user.name: two}, condition: s}
    """
    ruleset = ruleset_of(tmp_path, text)
    assert [rule.id[-2:] for rule in ruleset.rules] == ["a1", "a2"]
    assert ruleset.failures == []


def _same(one: RuleSet, other: RuleSet) -> bool:
    return list(one.rules) == list(other.rules) and list(one.atoms) == list(other.atoms)


def test_a_kept_set_reads_the_same(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "good.yml").write_text(GOOD)
    fresh = load_rules([tmp_path / "rules"], cache=tmp_path / "kept")
    kept = load_rules([tmp_path / "rules"], cache=tmp_path / "kept")
    assert fresh is not kept
    assert _same(fresh, kept)
    assert meets(kept, {"user.name": "x"})


def test_a_changed_rule_or_a_damaged_cache_is_compiled_anew(tmp_path: Path) -> None:
    folder, kept = tmp_path / "rules", tmp_path / "kept"
    folder.mkdir()
    (folder / "good.yml").write_text(GOOD)
    load_rules([folder], cache=kept)
    (folder / "good.yml").write_text(GOOD.replace("user.name: x", "user.name: y"))
    assert meets(load_rules([folder], cache=kept), {"user.name": "y"})
    for file in kept.glob("*.rules"):
        file.write_bytes(file.read_bytes()[:50])
    assert meets(load_rules([folder], cache=kept), {"user.name": "y"})
