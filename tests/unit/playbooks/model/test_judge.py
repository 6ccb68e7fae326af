# ruff: noqa: E501 - tables of cases read better in one line each
"""The judgement: valid playbooks have no defect, every planted defect is found where it is, real ones are imported."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infra.text import Language, use_language
from playbooks.model.finding import Level
from playbooks.model.judge import judge
from playbooks.model.reading import read_file, read_tree, to_json, to_yaml
from tests.unit.playbooks import samples as s

Spoil = Callable[[dict[str, Any]], Any]
W = "workflow"


def put(*keys: Any, value: Any) -> Spoil:
    def spoil(tree: dict[str, Any]) -> None:
        holder: Any = tree
        for key in keys[:-1]:
            holder = holder[key]
        holder[keys[-1]] = value

    return spoil


def cut(*keys: Any) -> Spoil:
    def spoil(tree: dict[str, Any]) -> None:
        holder: Any = tree
        for key in keys[:-1]:
            holder = holder[key]
        del holder[keys[-1]]

    return spoil


def both(*spoils: Spoil) -> Spoil:
    return lambda tree: [spoil(tree) for spoil in spoils]


GONE = f"end--{s.uid(77)}"
ERRORS: list[tuple[str, str, Spoil]] = [
    *((f"/{name}", "missing-property", cut(name)) for name in ("type", "spec_version", "id", "name", "created_by",
      "created", "modified", "workflow_start", "workflow")),
    ("/type", "not-allowed", put("type", value="bundle")),
    ("/spec_version", "not-allowed", put("spec_version", value="cacao-1.1")),
    ("/id", "bad-identifier", put("id", value="playbook--7")),
    ("/id", "identifier-kind", put("id", value=f"identity--{s.uid(1)}")),
    ("/created_by", "bad-identifier", put("created_by", value="me")),
    ("/name", "wrong-type", put("name", value=7)),
    ("/name", "empty", put("name", value=" ")),
    ("/created", "bad-timestamp", put("created", value="2026-01-01")),
    ("/modified", "bad-timestamp", put("modified", value="2026-02-30T00:00:00Z")),
    ("/valid_until", "ends-first", put("valid_until", value="2025-01-01T00:00:00Z")),
    ("/priority", "out-of-range", put("priority", value=101)),
    ("/severity", "wrong-type", put("severity", value="70")),
    ("/impact", "wrong-type", put("impact", value=True)),
    ("/revoked", "wrong-type", put("revoked", value="no")),
    ("/labels", "wrong-type", put("labels", value="one")),
    ("/playbook_processing_summary/if_logic", "wrong-type", put("playbook_processing_summary", "if_logic", value="yes")),
    ("/external_references/0/name", "missing-property", cut("external_references", 0, "name")),
    ("/markings/0", "missing-definition", put("markings", value=[f"marking-tlp--{s.uid(5)}"])),
    ("/workflow", "too-few", put(W, value={})),
    ("/workflow", "wrong-type", put(W, value=[])),
    ("/workflow_start", "missing-step", put("workflow_start", value=f"start--{s.uid(76)}")),
    (f"/workflow/{s.ASK}/on_completion", "missing-step", put(W, s.ASK, "on_completion", value=GONE)),
    (f"/workflow/{s.LEFT}/on_failure", "missing-step", put(W, s.LEFT, "on_failure", value=GONE)),
    (f"/workflow/{s.SPLIT}/next_steps/1", "missing-step", put(W, s.SPLIT, "next_steps", 1, value=GONE)),
    (f"/workflow/{s.TEST}/on_true", "missing-step", put(W, s.TEST, "on_true", value=GONE)),
    (f"/workflow/{s.PICK}/cases/a", "missing-step", put(W, s.PICK, "cases", "a", value=GONE)),
    (f"/workflow/{s.ASK}/on_completion", "two-continuations", put(W, s.ASK, "on_success", value=s.SPLIT)),
    (f"/workflow/{s.LEFT}/on_success", "missing-continuation", cut(W, s.LEFT, "on_success")),
    (f"/workflow/{s.RIGHT}/on_completion", "missing-continuation", cut(W, s.RIGHT, "on_completion")),
    (f"/workflow/{s.END}/on_completion", "end-continues", put(W, s.END, "on_completion", value=s.OOPS)),
    (f"/workflow/{s.START}/on_success", "start-continues",
     both(cut(W, s.START, "on_completion"), put(W, s.START, "on_success", value=s.ASK))),
    (f"/workflow/{s.END}/type", "unknown-step-type", put(W, s.END, "type", value="stop")),
    (f"/workflow/{s.END}/type", "missing-property", cut(W, s.END, "type")),
    (f"/workflow/{s.OOPS}/type", "definition-kind", put(W, s.OOPS, value={**s.full()[W][s.YES]})),
    ("/workflow/end", "bad-identifier", put(W, "end", value={"type": "end"})),
    (f"/workflow/start--{s.uid(75)}", "second-start",
     put(W, f"start--{s.uid(75)}", value={"type": "start", "on_completion": s.END})),
    (f"/workflow/{s.CALL}/on_completion", "back-to-start", put(W, s.CALL, "on_completion", value=s.START)),
    (f"/workflow/{s.START}", "endless", put(W, s.ASK, "on_completion", value=s.ASK)),
    (f"/workflow/{s.SPLIT}/next_steps/1", "shared-branch", put(W, s.RIGHT, "on_completion", value=s.LEFT_END)),
    (f"/workflow/{s.SPLIT}/next_steps/1", "shared-branch", put(W, s.SPLIT, "next_steps", 1, value=s.LEFT)),
    (f"/workflow/{s.TEST}/on_true", "branch-joins", put(W, s.YES, "on_completion", value=s.END)),
    (f"/workflow/{s.TEST}/on_true", "branch-returns", put(W, s.YES, "on_completion", value=s.TEST)),
    (f"/workflow/{s.SPLIT}/next_steps", "too-few", put(W, s.SPLIT, "next_steps", value=[s.LEFT])),
    (f"/workflow/{s.PICK}/cases", "too-few", put(W, s.PICK, "cases", value={})),
    (f"/workflow/{s.TEST}/condition", "missing-property", cut(W, s.TEST, "condition")),
    (f"/workflow/{s.LOOP}/condition", "empty", put(W, s.LOOP, "condition", value="")),
    (f"/workflow/{s.LOOP}/on_true", "missing-property", cut(W, s.LOOP, "on_true")),
    (f"/workflow/{s.ASK}/timeout", "wrong-type", put(W, s.ASK, "timeout", value="1000")),
    (f"/workflow/{s.ASK}/delay", "out-of-range", put(W, s.ASK, "delay", value=-1)),
    (f"/workflow/{s.ASK}/agent", "missing-property", cut(W, s.ASK, "agent")),
    (f"/workflow/{s.ASK}/agent", "missing-definition", put(W, s.ASK, "agent", value=f"group--{s.uid(70)}")),
    (f"/workflow/{s.LEFT}/targets/0", "missing-definition", put(W, s.LEFT, "targets", value=[f"ssh--{s.uid(71)}"])),
    (f"/workflow/{s.ASK}/commands", "missing-property", cut(W, s.ASK, "commands")),
    (f"/workflow/{s.ASK}/commands", "too-few", put(W, s.ASK, "commands", value=[])),
    (f"/workflow/{s.ASK}/commands/0/type", "missing-property", cut(W, s.ASK, "commands", 0, "type")),
    (f"/workflow/{s.ASK}/commands/0/command", "missing-property", cut(W, s.ASK, "commands", 0, "command")),
    (f"/workflow/{s.ASK}/commands/0/command_b64", "two-commands", put(W, s.ASK, "commands", 0, "command_b64", value="eA==")),
    (f"/workflow/{s.YES}/commands/0/command_b64", "missing-property", cut(W, s.YES, "commands", 0, "command_b64")),
    (f"/workflow/{s.YES}/commands/0/command_b64", "bad-base64", put(W, s.YES, "commands", 0, "command_b64", value="%%")),
    (f"/workflow/{s.RIGHT}/commands/0/command", "bad-request-line", put(W, s.RIGHT, "commands", 0, "command", value="x")),
    (f"/workflow/{s.RIGHT}/commands/0/content_b64", "missing-property",
     put(W, s.RIGHT, "commands", 0, "type", value="openc2-http")),
    (f"/workflow/{s.ASK}/out_args/0", "unknown-variable", put(W, s.ASK, "out_args", value=["__none__"])),
    (f"/workflow/{s.ASK}/out_args/0", "bad-variable-name", put(W, s.ASK, "out_args", value=["answer"])),
    (f"/workflow/{s.ASK}/out_args/0", "writes-constant", put(W, s.ASK, "out_args", value=["__site__"])),
    (f"/workflow/{s.ASK}/commands/0/command", "unknown-variable",
     put(W, s.ASK, "commands", 0, "command", value="__none__:value")),
    (f"/workflow/{s.TEST}/condition", "unknown-variable", put(W, s.TEST, "condition", value="__none__:value = 'a'")),
    (f"/workflow/{s.PICK}/switch", "unknown-variable", put(W, s.PICK, "switch", value="__none__:value")),
    (f"/workflow/{s.ASK}/commands/0/command", "out-of-scope", put(W, s.ASK, "commands", 0, "command", value="__own__:value")),
    (f"/workflow/{s.CALL}/playbook_id", "calls-itself", put(W, s.CALL, "playbook_id", value=f"playbook--{s.uid(0)}")),
    (f"/workflow/{s.CALL}/playbook_id", "identifier-kind", put(W, s.CALL, "playbook_id", value=s.IDENTITY)),
    ("/playbook_variables/address", "bad-variable-name", put("playbook_variables", "address", value={"type": "string"})),
    ("/playbook_variables/__count__/type", "missing-property", cut("playbook_variables", "__count__", "type")),
    ("/playbook_variables/__count__/value", "wrong-type", put("playbook_variables", "__count__", "value", value=2)),
    ("/playbook_variables/__count__/value", "bad-value", put("playbook_variables", "__count__", "value", value="two")),
    ("/playbook_variables/__address__/value", "bad-value", put("playbook_variables", "__address__", "value", value="1.2.3")),
    (f"/workflow/{s.BODY}/step_variables/__own__/external", "external-in-step",
     put(W, s.BODY, "step_variables", "__own__", "external", value=True)),
    (f"/agent_definitions/{s.PERSON}/name", "missing-property", cut("agent_definitions", s.PERSON, "name")),
    (f"/agent_definitions/{s.PERSON}/type", "definition-kind", put("agent_definitions", s.PERSON, "type", value="group")),
    (f"/agent_definitions/{s.PERSON}/contact/email/work", "bad-email",
     put("agent_definitions", s.PERSON, "contact", "email", "work", value="li at example")),
    (f"/target_definitions/{s.HOST}/address", "missing-property", cut("target_definitions", s.HOST, "address")),
    (f"/target_definitions/{s.HOST}/address/ipv4/0", "bad-address",
     put("target_definitions", s.HOST, "address", "ipv4", 0, value="192.0.2.300")),
    (f"/target_definitions/{s.HOST}/address/vlan/0", "out-of-range",
     put("target_definitions", s.HOST, "address", "vlan", 0, value=5000)),
    (f"/target_definitions/{s.HOST}/port", "out-of-range", put("target_definitions", s.HOST, "port", value="70000")),
    (f"/target_definitions/{s.HOST}/location/region", "not-allowed",
     put("target_definitions", s.HOST, "location", "region", value="mars")),
    (f"/target_definitions/{s.HOST}/authentication_info", "missing-definition",
     put("target_definitions", s.HOST, "authentication_info", value=f"user-auth--{s.uid(73)}")),
    (f"/authentication_info_definitions/{s.SECRET}/kms_key_identifier", "missing-property",
     cut("authentication_info_definitions", s.SECRET, "kms_key_identifier")),
    (f"/playbook_extensions/extension-definition--{s.uid(74)}", "missing-definition",
     put("playbook_extensions", f"extension-definition--{s.uid(74)}", value={})),
    (f"/extension_definitions/{s.LAYOUT}/schema", "missing-property", cut("extension_definitions", s.LAYOUT, "schema")),
    ("/signatures/0", "key-sources", put("signatures", value=[{"type": "jss"}])),
]  # fmt: skip
MENDED: list[tuple[str, str, Spoil]] = [
    ("/labels", "too-few", put("labels", value=[])),
    ("/colour", "unknown-property", put("colour", value="red")),
    (f"/workflow/{s.ASK}/colour", "unknown-property", put(W, s.ASK, "colour", value="red")),
    (f"/agent_definitions/{s.PERSON}/banana", "unknown-property", put("agent_definitions", s.PERSON, "banana", value="x")),
    (f"/authentication_info_definitions/{s.SECRET}/password", "inline-secret",
     put("authentication_info_definitions", s.SECRET, "password", value="hunter2")),
    (f"/workflow/{s.RIGHT}/commands/0/command", "loose-request-line",
     put(W, s.RIGHT, "commands", 0, "command", value="get x")),
    (f"/workflow/{s.YES}/commands/0/command", "not-encoded",
     put(W, s.YES, "commands", value=[{"type": "sigma", "command": "title: x"}])),
    (f"/workflow/{s.ASK}/commands/0/type", "foreign-command", put(W, s.ASK, "commands", 0, "type", value="pong")),
    (f"/workflow/{s.LOOP}/on_true", "loop-returns",
     both(put(W, s.BODY, "on_completion", value=s.LOOP), cut(W, s.BODY_END))),
    ("/workflow_start", "no-start-step", both(put("workflow_start", value=s.ASK), cut(W, s.START))),
    ("/workflow_exception", "missing-step", both(put("workflow_exception", value=GONE), cut(W, s.OOPS))),
    (f"/workflow/{s.TEST}/on_completion", "missing-continuation",
     both(cut(W, s.TEST, "on_completion"), *(cut(W, key) for key in (s.PICK, s.CASE, s.CASE_END, s.CALL, s.END)))),
    ("/modified", "modified-first", put("modified", value="2025-01-01T00:00:00Z")),
    ("/playbook_processing_summary/if_logic", "summary-untrue",
     put("playbook_processing_summary", "if_logic", value=False)),
    (f"/workflow/end--{s.uid(78)}", "unreached", put(W, f"end--{s.uid(78)}", value={"type": "end"})),
]  # fmt: skip


def test_a_playbook_with_everything_has_no_defect() -> None:
    verdict = judge(s.full())
    assert [one.shown() for one in (*verdict.errors, *verdict.repairs)] == []
    assert verdict.level is Level.STRICT


def test_there_are_enough_defects() -> None:
    assert len(ERRORS) + len(MENDED) >= 60


@pytest.mark.parametrize(("path", "code", "spoil"), ERRORS, ids=[f"{code}:{path[-40:]}" for path, code, _ in ERRORS])
def test_a_planted_defect_is_refused_at_its_path(path: str, code: str, spoil: Spoil) -> None:
    tree = s.full()
    spoil(tree)
    verdict = judge(tree)
    assert verdict.level is Level.REJECT
    assert (path, code) in [(one.pointer, one.code) for one in verdict.errors]


@pytest.mark.parametrize(("path", "code", "spoil"), MENDED, ids=[f"{code}:{path[-40:]}" for path, code, _ in MENDED])
def test_a_planted_flaw_is_mended_and_told(path: str, code: str, spoil: Spoil) -> None:
    tree = s.full()
    spoil(tree)
    verdict = judge(tree)
    assert verdict.level is Level.IMPORT, [one.shown() for one in verdict.errors]
    assert (path, code) in [(one.pointer, one.code) for one in verdict.repairs]
    again = judge(verdict.tree)
    assert again.level is Level.STRICT or all(one.repair and one.repair.mend == "note" for one in again.repairs)
    assert judge(tree, strict=True).level is Level.REJECT


def test_every_finding_speaks_both_languages() -> None:
    for path, code, spoil in [*ERRORS, *MENDED]:
        tree = s.full()
        spoil(tree)
        one = next(
            one for one in (*judge(tree).errors, *judge(tree).repairs) if (one.pointer, one.code) == (path, code)
        )
        said = set()
        for language in Language:
            with use_language(language):
                said.add(one.text)
        assert len(said) == 2, code
        assert not any("playbooks.defect" in text or "—" in text for text in said), said


def test_a_secret_never_reaches_the_repaired_document_or_the_report() -> None:
    tree = s.full()
    tree["authentication_info_definitions"][s.SECRET]["password"] = "hunter2"
    verdict = judge(tree)
    assert "hunter2" not in to_json(verdict.tree) + str(verdict.shown())


@pytest.mark.parametrize("name", s.REAL)
def test_real_playbooks_are_imported_and_round_trip(data: Path, name: str) -> None:
    tree = read_file(s.real(data, name))
    verdict = judge(tree)
    assert verdict.level in (Level.STRICT, Level.IMPORT)
    for each in (tree, verdict.tree):
        assert read_tree(to_yaml(each).encode()) == each
        assert read_tree(to_json(each).encode()) == each
        assert list(read_tree(to_yaml(each).encode())) == list(each)


@pytest.mark.parametrize("name", s.REAL[:2])
def test_the_committees_own_examples_keep_the_standard(data: Path, name: str) -> None:
    assert judge(read_file(s.real(data, name))).level is Level.STRICT


def test_negative_examples_are_refused_at_the_right_path(data: Path) -> None:
    invalid = judge(read_file(s.real(data, "soarca/tests/invalid_playbook")))
    assert [one.pointer for one in invalid.errors] == [
        "/agent_definitions/http-api--7e9174ec-a293-43df-a72d-471c79e276bf/type"
    ]
    missing = judge(read_file(s.real(data, "soarca/tests/missing_step_playbook")))
    assert [one.pointer for one in missing.errors] == [
        "/workflow/action--2190f685-1857-44ac-ad0e-0ded6c6ef3ce/on_completion"
    ]
