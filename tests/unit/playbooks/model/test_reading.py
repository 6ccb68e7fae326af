# ruff: noqa: E501 - tables of cases read better in one line each
"""Octets to trees: no loss between JSON and YAML, and nothing hostile gets through."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.errors import AppError
from playbooks.model.reading import MAX_BYTES, read_tree, to_json, to_yaml

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=30) | st.sampled_from(
    ["yes", "on", "null", "~", "1", "1.0", "0x1f", "1e3", "2026-01-01", "true", "=", "<<", "&a", "*a", "!x", "- a", "a: b",
     "\n", "a\n b\n", " lead", "trail ", "#", "\u0085", "\ufeff", "\u2028", "12:30:45", "0o7", "1_000", "+1", ".5", "NaN"]
)  # fmt: skip
VALUES: Any = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(1 << 53), 1 << 53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=15,
)


@given(st.dictionaries(TEXT, VALUES, max_size=5))
def test_both_writings_give_back_the_same_tree(tree: dict[str, Any]) -> None:
    assert read_tree(to_json(tree).encode()) == tree
    assert read_tree(to_yaml(tree).encode()) == tree


@given(st.binary(max_size=200))
def test_garbage_is_refused_with_a_place(data: bytes) -> None:
    try:
        found = read_tree(data)
    except AppError as error:
        found = {"place": error.detail["place"]}
        assert found["place"].startswith("playbook")
    assert isinstance(found, dict)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"a": 1, "a": 2}', "twice"),
        ("a: 1\na: 2\n", "twice"),
        ("a: &x [1]\nb: *x\n", "aliases"),
        ("a: !!python/object:os.system x\n", "tags"),
        ("a: !x 1\n", "tags"),
        ('{"a": NaN}', "NaN"),
        ('{"a": 1e999}', "large"),
        ("[1]", "object"),
        ("{" * 5, ""),
        ('{"a":' * 100_000, ""),
        ("- " * 5_000 + "a", "deep"),
        ('{"a": ' + "[" * 100 + "]" * 100 + "}", "deep"),
        ("a: [1\n", ""),
    ],
)
def test_hostile_documents_are_refused(text: str, problem: str) -> None:
    with pytest.raises(AppError) as caught:
        read_tree(text.encode())
    assert problem in str(caught.value.detail["problem"])


def test_ten_megabytes_are_refused() -> None:
    with pytest.raises(AppError):
        read_tree(b" " * (MAX_BYTES + 1))
