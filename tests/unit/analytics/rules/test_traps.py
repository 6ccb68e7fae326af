"""What implementations of Sigma get wrong, each a test by name (specification 2.1, sigma-rules and modifiers)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.analytics.rules.workshop import meets, rule_of

F = "process.command_line"


def check(folder: Path, detection: str, yes: list[Any], no: list[Any], field: str = F) -> None:
    """The rule holds on an event for each value of ``yes`` and for none of ``no``."""
    ruleset = rule_of(folder, detection)
    assert [value for value in yes if not meets(ruleset, {field: value})] == []
    assert [value for value in no if meets(ruleset, {field: value})] == []


def test_text_compares_without_case_beyond_ascii(tmp_path: Path) -> None:
    check(tmp_path, f"s: {{{F}|contains: ÜBUNG}}\ncondition: s", ["eine übung", "ÜbunG"], ["ubung"])


def test_regex_compares_with_case_unless_asked(tmp_path: Path) -> None:
    check(tmp_path, f"s: {{{F}|re: 'Ab+c'}}\ncondition: s", ["xAbbcx"], ["abbc"])


def test_regex_flags(tmp_path: Path) -> None:
    check(tmp_path, f"s: {{{F}|re|i|m|s: '^ab.c'}}\ncondition: s", ["x\nAB\nC"], ["xab c"])


def test_cased_compares_with_case(tmp_path: Path) -> None:
    check(tmp_path, f"s: {{{F}|contains|cased: Abc}}\ncondition: s", ["xAbcx"], ["xabcx", "XABCX"])


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        (r"a\b", [r"a\b"], ["ab", r"a\\b"]),
        (r"a\*b", ["a*b"], [r"a\*b", "axb"]),
        (r"a\\*b", [r"a\b", r"a\xxb"], ["a*b"]),
        (r"a\\\*b", [r"a\*b"], ["a*b", r"a\xb"]),
        (r"a\\\\b", [r"a\\b"], [r"a\b"]),
        ("a?b", ["axb", "a?b"], ["ab", "axxb"]),
        ("a*b", ["ab", "axxb", "a\nb"], ["abx"]),
        (r"C:\Windows\*", [r"C:\Windows*"], [r"C:\Windows\x"]),
        (r"C:\Windows\\*", [r"c:\windows\x"], [r"c:\windowsx"]),
    ],
)
def test_escaping(tmp_path: Path, pattern: str, yes: list[str], no: list[str]) -> None:
    check(tmp_path, f"s: {{{F}: '{pattern}'}}\ncondition: s", yes, no)


def test_wildcard_added_behind_a_backslash_stays_a_wildcard(tmp_path: Path) -> None:
    check(tmp_path, rf"s: {{{F}|contains: '\temp\'}}" + "\ncondition: s", [r"c:\temp\x", "\\temp\\"], [r"c:\temp*"])


def test_of_them_leaves_out_underscored_names(tmp_path: Path) -> None:
    check(tmp_path, f"a: {{{F}: one}}\n_b: {{{F}: two}}\ncondition: 1 of them", ["one"], ["two"])


def test_names_that_begin_with_an_operator(tmp_path: Path) -> None:
    check(tmp_path, f"notsel: {{{F}: one}}\nandy: {{{F}: two}}\ncondition: notsel or andy", ["one", "two"], ["x"])


def test_precedence(tmp_path: Path) -> None:
    detection = f"""
    a: {{{F}|contains: a}}
    b: {{{F}|contains: b}}
    c: {{{F}|contains: c}}
    condition: a or b and not c
    """
    check(tmp_path, detection, ["a", "ac", "b"], ["bc", "c"])


def test_condition_list_is_or(tmp_path: Path) -> None:
    check(tmp_path, f"a: {{{F}: one}}\nb: {{{F}: two}}\ncondition: [a, b]", ["one", "two"], ["x"])


def test_null_empty_missing_exists(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    (tmp_path / "c").mkdir()
    null = rule_of(tmp_path / "a", f"s: {{{F}: null}}\ncondition: s")
    empty = rule_of(tmp_path / "b", f"s: {{{F}: ''}}\ncondition: s")
    exists = rule_of(tmp_path / "c", f"s: {{{F}|exists: true}}\ncondition: s")
    truth = [
        [meets(rule, event) for event in ({}, {F: None}, {F: ""}, {F: "x"}, {F: []})] for rule in (null, empty, exists)
    ]
    assert truth == [
        [True, True, False, False, True],
        [False, False, True, False, False],
        [False, True, True, True, True],
    ]


def test_not_of_a_missing_field_is_true(tmp_path: Path) -> None:
    ruleset = rule_of(tmp_path, f"a: {{user.name: x}}\nb: {{{F}|contains: y}}\ncondition: a and not b")
    assert meets(ruleset, {"user.name": "x"})
    assert not meets(ruleset, {"user.name": "x", F: "aya"})


def test_map_is_and_list_of_maps_is_or(tmp_path: Path) -> None:
    ruleset = rule_of(tmp_path, "s:\n  - {user.name: a, host.name: b}\n  - {user.name: c}\ncondition: s")
    assert meets(ruleset, {"user.name": "a", "host.name": "b"})
    assert meets(ruleset, {"user.name": "c"})
    assert not meets(ruleset, {"user.name": "a"})


def test_keywords_look_at_every_value(tmp_path: Path) -> None:
    ruleset = rule_of(tmp_path, "s: [mimikatz, 'a*z']\ncondition: s")
    assert meets(ruleset, {"labels": {"deep": ["x", "a MimiKatz b"]}})
    assert meets(ruleset, {"message": "xx a-z xx"})
    assert not meets(ruleset, {"mimikatz": "in a name, not a value: az is not either".replace("az", "b")})


def test_all_keywords(tmp_path: Path) -> None:
    ruleset = rule_of(tmp_path, "s: {'|all': [one, two]}\ncondition: s")
    assert meets(ruleset, {"message": "one", "user.name": "two"})
    assert not meets(ruleset, {"message": "one"})


def test_all_with_expansion_is_and_of_ors(tmp_path: Path) -> None:
    check(
        tmp_path,
        f"s: {{{F}|contains|all|windash: [' -enc', ' -nop']}}\ncondition: s",
        ["x /enc /nop", "x –enc -nop", "x —enc ―nop"],
        ["x -enc", "x +enc +nop"],
    )


def test_windash_all_permutations(tmp_path: Path) -> None:
    dashes = ["-", "/", "–", "—", "―"]
    both = [f"x {a}a {b}b" for a in dashes for b in dashes]
    check(tmp_path, f"s: {{{F}|contains|windash: ' -a -b'}}\ncondition: s", both, ["x a b"])


def test_numbers_and_text_are_equal_by_how_they_read(tmp_path: Path) -> None:
    check(tmp_path, f"s: {{{F}: 4624}}\ncondition: s", ["4624", 4624, 4624.0], ["04624", "0x1210"])


def test_a_number_in_quotes_stays_text(tmp_path: Path) -> None:
    check(tmp_path, f"s: {{{F}: '0x17'}}\ncondition: s", ["0x17"], [23, "23"])


def test_booleans_and_numbers_are_not_mixed_up(tmp_path: Path) -> None:
    check(tmp_path, f"s: {{{F}: 'true'}}\ncondition: s", [True, "True"], [1, False, "1"])
    check(tmp_path, f"s: {{{F}: 1}}\ncondition: s", [1, "1", 1.0], [True, "true", 0])


def test_any_element_of_an_array(tmp_path: Path) -> None:
    check(tmp_path, f"s: {{{F}|startswith: b}}\ncondition: s", [["a", "b"], ("bb",)], [["a b"], []])


def test_not_over_an_array(tmp_path: Path) -> None:
    ruleset = rule_of(tmp_path, f"a: {{user.name: x}}\nb: {{{F}: y}}\ncondition: a and not b")
    assert not meets(ruleset, {"user.name": "x", F: ["z", "y"]})
    assert meets(ruleset, {"user.name": "x", F: ["z", "yy"]})


def test_comparisons_are_numeric(tmp_path: Path) -> None:
    check(tmp_path, f"s: {{{F}|gt: 9}}\ncondition: s", [10, "10", "9.5"], [9, "9", "a", "nan", ""])
    check(tmp_path, f"s: {{{F}|lte: 9}}\ncondition: s", [9, "-3"], [10, "", "x"])


def test_neq(tmp_path: Path) -> None:
    check(tmp_path, f"s: {{{F}|neq: [a, b]}}\ncondition: s", ["c", None], ["a", "B"])


@pytest.mark.parametrize(
    ("network", "yes", "no"),
    [
        ("10.0.0.0/8", ["10.255.0.1", "10.0.0.0"], ["11.0.0.1", "x", "", "::1"]),
        ("2001:db8::/32", ["2001:db8::1", "2001:0DB8:0:0::5"], ["2001:db9::1", "10.0.0.1"]),
        ("192.0.2.7/32", ["192.0.2.7"], ["192.0.2.8"]),
    ],
)
def test_cidr(tmp_path: Path, network: str, yes: list[str], no: list[str]) -> None:
    check(tmp_path, f"s: {{{F}|cidr: '{network}'}}\ncondition: s", yes, no)


def test_base64offset(tmp_path: Path) -> None:
    from base64 import b64encode

    texts = [b64encode(b"x" * shift + b"http://evil" + b"yy").decode() for shift in range(3)]
    check(tmp_path, f"s: {{{F}|base64offset|contains: 'http://evil'}}\ncondition: s", texts, ["http://evil"])


@pytest.mark.parametrize("name", ["wide", "utf16le"])
def test_utf16le_is_wide(tmp_path: Path, name: str) -> None:
    from base64 import b64encode

    text = b64encode("ab Invoke-x cd".encode("utf-16le")).decode()
    check(tmp_path, f"s: {{{F}|{name}|base64offset|contains: 'Invoke-x'}}\ncondition: s", [text], ["Invoke-x"])


def test_utf16be_and_utf16(tmp_path: Path) -> None:
    from base64 import b64encode

    big = b64encode("ping".encode("utf-16be")).decode()
    marked = b64encode(b"\xff\xfe" + "ping".encode("utf-16le")).decode()
    check(tmp_path, f"s: {{{F}|utf16be|base64: 'ping'}}\ncondition: s", [big], [marked])
    check(tmp_path, f"s: {{{F}|utf16|base64: 'ping'}}\ncondition: s", [marked], [big])


def test_fieldref(tmp_path: Path) -> None:
    ruleset = rule_of(tmp_path, "s: {user.name|fieldref: user.target.name}\ncondition: s")
    assert meets(ruleset, {"user.name": "A", "user.target.name": "a"})
    assert not meets(ruleset, {"user.name": "A", "user.target.name": "b"})
    assert not meets(ruleset, {"user.name": "A"})
    assert not meets(ruleset, {})


def test_fieldref_negated_and_in_part(tmp_path: Path) -> None:
    negated = rule_of(tmp_path, "s: {user.name|neq|fieldref: user.target.name}\ncondition: s")
    assert meets(negated, {"user.name": "A", "user.target.name": "b"})
    assert not meets(negated, {"user.name": "A", "user.target.name": "a"})
    part = rule_of(tmp_path, "s: {user.name|fieldref|endswith: user.target.name}\ncondition: s")
    assert meets(part, {"user.name": "xab", "user.target.name": "AB"})
    assert not meets(part, {"user.name": "xabx", "user.target.name": "AB"})


@pytest.mark.parametrize(
    ("part", "wanted"), [("minute", 4), ("hour", 13), ("day", 5), ("week", 10), ("month", 3), ("year", 2026)]
)
def test_time_parts(tmp_path: Path, part: str, wanted: int) -> None:
    check(
        tmp_path,
        f"s: {{{F}|{part}: {wanted}}}\ncondition: s",
        ["2026-03-05T13:04:59Z"],
        ["2027-04-06T14:05:00Z", "no time", ""],
    )


def test_a_rule_that_only_a_negation_makes_true(tmp_path: Path) -> None:
    """RSigma's candidate index once pruned ``sel or not filter``."""
    ruleset = rule_of(tmp_path, f"sel: {{{F}: x}}\nfilter: {{user.name: admin}}\ncondition: sel or not filter")
    assert meets(ruleset, {"user.name": "guest"})
    assert meets(ruleset, {})
    assert not meets(ruleset, {"user.name": "admin"})


def test_field_names_with_spaces(tmp_path: Path) -> None:
    rule = """
    title: Defender
    id: 00000000-0000-4000-8000-000000000002
    logsource: {product: windows, service: windefend}
    detection:
        s: {ThreatName|contains: evil}
        condition: s
    level: high
    """
    from analytics.rules.matcher import Matcher
    from tests.unit.analytics.rules.workshop import ruleset_of

    ruleset = ruleset_of(tmp_path, rule)
    event = {
        "winlog.channel": "Microsoft-Windows-Windows Defender/Operational",
        "winlog.event_id": "1116",
        "winlog.event_data": {"Threat Name": "HackTool:Evil"},
    }
    assert Matcher(ruleset).match(event)


def test_keywords_stay_within_their_log_source(tmp_path: Path) -> None:
    from analytics.rules.matcher import Matcher
    from tests.unit.analytics.rules.workshop import ruleset_of

    rule = """
    title: Keyword
    id: 00000000-0000-4000-8000-000000000003
    logsource: {product: linux, service: sshd}
    detection: {k: [refused], condition: k}
    level: low
    """
    matcher = Matcher(ruleset_of(tmp_path, rule))
    assert matcher.match({"log.syslog.appname": "sshd", "message": "connection refused"})
    assert not matcher.match({"log.syslog.appname": "nginx", "message": "connection refused"})
    assert not matcher.match({"winlog.channel": "System", "message": "connection refused"})
