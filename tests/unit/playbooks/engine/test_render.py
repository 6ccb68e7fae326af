# ruff: noqa: E501 - tables of hostile texts
"""Values never become code: hostile ones arrive as they are, in every kind of quotes, in a real shell."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.errors import AppError
from playbooks.actions.commands import Host
from playbooks.actions.shells import Bash
from playbooks.engine.orders import Order
from playbooks.engine.render import Visible, header, json_text, power_shell, request_target, shell, words

HOSTILE = ["$(touch /tmp/owned)", "`id`", "'; touch /tmp/owned; '", '"; id; "', "a b  c", "*", "\\", "$HOME", "a\nb", "-rf", "药", "|| id", "${IFS}"]  # fmt: skip
TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=40) | st.sampled_from(
    HOSTILE
)
FORMS = (
    "printf %s __v__:value",
    'printf %s "__v__:value"',
    "printf %s '__v__:value'",
    'printf %s "$(printf %s "__v__:value")"',
)


def seen(value: str, *constants: str) -> Visible:
    return Visible({"__v__": value}, frozenset(constants))


@settings(max_examples=25)
@given(TEXT, st.sampled_from(FORMS[:3]))
def test_a_real_shell_gets_the_value_as_it_is(value: str, form: str) -> None:
    outcome = Bash(Host()).act(Order("k", "r", "s", "bash", text=shell(form, seen(value))))
    assert outcome.ok
    assert outcome.output["stdout"] == value


@pytest.mark.parametrize("value", HOSTILE)
def test_a_command_in_quotes_gets_it_too(value: str) -> None:
    outcome = Bash(Host()).act(Order("k", "r", "s", "bash", text=shell(FORMS[3], seen(value))))
    assert outcome.output["stdout"] == value.rstrip("\n")


def test_constants_of_the_playbook_are_its_own_text() -> None:
    assert shell("__v__:value now", seen("ls -la", "__v__")) == "ls -la now"


@pytest.mark.parametrize(
    "text",
    [
        "eval __v__:value",
        "bash -c 'echo __v__:value'",
        "sh -xc __v__:value",
        "x | xargs __v__:value ",
        "su a -c __v__:value ",
    ],
)
def test_a_text_that_is_read_again_takes_no_value(text: str) -> None:
    with pytest.raises(AppError):
        shell(text, seen("x"))


def test_values_without_value_or_with_a_zero_are_refused() -> None:
    for value in (None, "a\x00b"):
        with pytest.raises(AppError):
            shell("echo __v__:value", Visible({"__v__": value}))


@given(TEXT)
def test_a_request_keeps_its_shape(value: str) -> None:
    target = request_target("/a/__v__:value/b?c=__v__:value", seen(value))
    assert target.count("/") == 3
    assert target.count("?") == 1
    assert not any(char.isspace() for char in target)


def test_an_address_in_front_must_be_one() -> None:
    assert request_target("__v__:value/x", seen("https://h.example")) == "https://h.example/x"
    for value in ("file:///etc/passwd", "https://h example", "javascript:x"):
        with pytest.raises(AppError):
            request_target("__v__:value/x", seen(value))
    with pytest.raises(AppError):
        header("__v__:value", seen("a\r\nX: y"))


@given(TEXT)
def test_json_stays_json(value: str) -> None:
    assert json.loads(json_text('{"a": "x __v__:value y"}', seen(value))) == {"a": f"x {value} y"}


@given(TEXT)
def test_a_value_is_one_word_of_an_action(value: str) -> None:
    assert words("block __v__:value 60", seen(value)) == ("block", value, "60")


def test_powershell_texts() -> None:
    assert power_shell('Stop-X "__v__:value"', seen("it's ’ $(x)")) == "$YDv = 'it''s ’’ $(x)'\nStop-X \"${YDv}\""
    for text in ("echo '__v__:value'", "iex __v__:value"):
        with pytest.raises(AppError):
            power_shell(text, seen("x"))
