# ruff: noqa: E501 - tables of inputs
"""Every shipped playbook: keeps the standard, speaks two languages, is rehearsed and simulated."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.records import Records
from infra.text import Language, use_language
from playbooks.actions.registry import Surroundings, actuators_of
from playbooks.engine.rehearsal import rehearse
from playbooks.library.shelf import fitting, shelf
from playbooks.library.wording import step_name
from playbooks.model.reading import read_tree, to_json
from tests.unit.playbooks.building import Bench

NAMES = [each.name for each in shelf()]
ACTING = [each.name for each in shelf() if each.acts]
INPUTS = {"address": "192.0.2.77", "network": "192.0.2.0/28", "account": "nobody2", "path": "/tmp/x", "process": "999999",
          "started": "1", "service": "x", "channel": "192.0.2.9", "host": "h", "subject": "81001", "system": "s",
          "kept": "/tmp/y"}  # fmt: skip


def inputs_of(name: str, values: dict[str, str]) -> dict[str, str]:
    each = next(each for each in shelf() if each.name == name)
    wanted = [key for key, one in each.playbook.playbook_variables.items() if one.external]
    return {key: values[key.strip("_")] for key in wanted}


def test_there_are_thirty_of_which_eighteen_act() -> None:
    assert len(NAMES) >= 30
    assert len(ACTING) >= 18


@pytest.mark.parametrize("name", NAMES)
def test_each_speaks_both_languages_and_round_trips(name: str) -> None:
    each = next(each for each in shelf() if each.name == name)
    for part in ("name", "description"):
        assert each.playbook.text("en", part) != each.playbook.text("zh-CN", part)
        assert each.playbook.text("en", part).isascii()
    assert read_tree(to_json(each.tree).encode()) == each.tree


@pytest.mark.parametrize("name", NAMES)
def test_each_step_has_a_name_in_both_languages(name: str) -> None:
    each = next(each for each in shelf() if each.name == name)
    named = [step.name for step in each.playbook.workflow.values() if step.name]
    assert [step_name(step) for step in named] == named
    with use_language(Language.EN):
        assert all(step_name(step).isascii() for step in named)


@pytest.mark.parametrize("name", NAMES)
def test_each_is_rehearsed_and_simulated(name: str, records: Records, tmp_path: Path) -> None:
    each, bench = next(each for each in shelf() if each.name == name), Bench(records)
    given = inputs_of(name, INPUTS)
    effects = rehearse(each.tree, given, actuators_of(Surroundings(tmp_path)), lambda *_: None)
    assert all("note" not in row for row in effects), effects
    assert (
        any(row["reversible"] for row in effects)
        or not each.acts
        or "restart-service" in {row["kind"] for row in effects}
    )
    view = bench.run(each.tree, simulate=True, **given)
    assert view.state == "done", view.reason
    assert bench.hand.orders == []


def test_an_alert_is_offered_what_fits_with_its_inputs() -> None:
    first = fitting(["ssh-brute-force"], [("ip", "192.0.2.7"), ("user", "li")])[0]
    assert (first.shelved.name, first.inputs) == ("brute-force-block", {"__address__": "192.0.2.7"})
    assert fitting(["no rule of ours"], [("user", "li")])[0].inputs == {"__account__": "li"}
    assert fitting(["no rule of ours"], []) == []
