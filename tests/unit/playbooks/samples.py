# ruff: noqa: E501 - tables of cases read better in one line each
"""A rich valid playbook to spoil, and real ones."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

REAL = ("oasis/basic-example-1", "oasis/spec-3.1-example", "oasis/playbook--aa1898b6-5251-49b4-aeb7-fd5e912583ff",
        "soarca/fin-playbook", "soarca/http-playbook", "soarca/manual-playbook", "soarca/openc2-playbook",
        "soarca/powershell-playbook", "soarca/ssh-playbook", "soarca/tests/playbook")  # fmt: skip


def uid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


START, ASK, SPLIT, LEFT, LEFT_END = (f"{kind}--{uid(i)}" for i, kind in enumerate(
    ("start", "action", "parallel", "action", "end"), 1))  # fmt: skip
RIGHT, RIGHT_END, LOOP, BODY, BODY_END = (f"{kind}--{uid(i)}" for i, kind in enumerate(
    ("action", "end", "while-condition", "action", "end"), 6))  # fmt: skip
TEST, YES, YES_END, PICK, CASE, CASE_END = (f"{kind}--{uid(i)}" for i, kind in enumerate(
    ("if-condition", "action", "end", "switch-condition", "action", "end"), 11))  # fmt: skip
CALL, END, OOPS = (f"{kind}--{uid(i)}" for i, kind in enumerate(("playbook-action", "end", "end"), 17))
PERSON, HOST, SECRET = f"individual--{uid(30)}", f"ssh--{uid(31)}", f"user-auth--{uid(32)}"
LAYOUT = f"extension-definition--{uid(33)}"
IDENTITY = f"identity--{uid(34)}"


def action(text: str, to: str, kind: str = "manual", **more: Any) -> dict[str, Any]:
    return {
        "type": "action",
        "commands": [{"type": kind, "command": text}],
        "agent": PERSON,
        "on_completion": to,
        **more,
    }


def full() -> dict[str, Any]:
    """Every kind of step, definitions of every kind that others refer to; keeps the standard in all points."""
    return copy.deepcopy(_FULL)


_FULL: dict[str, Any] = {
    "type": "playbook", "spec_version": "cacao-2.0", "id": f"playbook--{uid(0)}", "name": "Everything",
    "description": "All of it", "playbook_types": ["mitigation"], "playbook_activities": ["restrict-access"],
    "playbook_processing_summary": {"parallel_processing": True, "if_logic": True},
    "created_by": IDENTITY, "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-02T00:00:00.000Z",
    "revoked": False, "valid_from": "2026-01-01T00:00:00Z", "valid_until": "2036-01-01T00:00:00Z",
    "derived_from": [f"playbook--{uid(99)}"], "priority": 3, "severity": 70, "impact": 5,
    "industry_sectors": ["healthcare"], "labels": ["药"], "external_references": [{"name": "ref", "url": "https://x.example"}],
    "markings": ["marking-tlp--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"],
    "playbook_variables": {
        "__address__": {"type": "ipv4-addr", "value": "192.0.2.7", "external": True},
        "__count__": {"type": "integer", "value": "2"}, "__site__": {"type": "string", "value": "a", "constant": True},
        "__answer__": {"type": "string"},
    },
    "workflow_start": START, "workflow_exception": OOPS,
    "workflow": {
        START: {"type": "start", "on_completion": ASK},
        ASK: action("look at __address__:value", SPLIT, out_args=["__answer__"], timeout=1000, delay=1),
        SPLIT: {"type": "parallel", "next_steps": [LEFT, RIGHT], "on_completion": LOOP},
        LEFT: {"type": "action", "commands": [{"type": "ssh", "command": "id __site__:value"}], "agent": PERSON,
               "targets": [HOST], "on_success": LEFT_END, "on_failure": LEFT_END},
        LEFT_END: {"type": "end"},
        RIGHT: {"type": "action", "commands": [{"type": "http-api", "command": "GET /x HTTP/1.1",
                "headers": {"accept": ["*/*"]}}], "agent": PERSON, "on_completion": RIGHT_END},
        RIGHT_END: {"type": "end"},
        LOOP: {"type": "while-condition", "condition": "__count__:value > 0", "on_true": BODY, "on_completion": TEST},
        BODY: action("again", BODY_END, step_variables={"__own__": {"type": "string", "value": "x"}}, in_args=["__own__"]),
        BODY_END: {"type": "end"},
        TEST: {"type": "if-condition", "condition": "[__answer__:value = 'yes']", "on_true": YES, "on_completion": PICK},
        YES: {"type": "action", "commands": [{"type": "sigma", "command_b64": "dGl0bGU6IHg="}], "agent": PERSON,
              "on_completion": YES_END},
        YES_END: {"type": "end"},
        PICK: {"type": "switch-condition", "switch": "__answer__:value", "cases": {"a": CASE}, "on_completion": CALL},
        CASE: action("b", CASE_END, "bash"),
        CASE_END: {"type": "end"},
        CALL: {"type": "playbook-action", "playbook_id": f"playbook--{uid(98)}", "in_args": ["__address__"],
               "on_completion": END, "step_extensions": {LAYOUT: {"type": "layout"}}},
        END: {"type": "end"},
        OOPS: {"type": "end"},
    },
    "playbook_extensions": {LAYOUT: {"type": "layout"}},
    "authentication_info_definitions": {
        SECRET: {"type": "user-auth", "username": "ops", "kms": True, "kms_key_identifier": "host-7"}
    },
    "agent_definitions": {PERSON: {"type": "individual", "name": "Li", "contact": {"email": {"work": "li@example.cn"}}}},
    "target_definitions": {
        HOST: {"type": "ssh", "name": "h", "address": {"ipv4": ["192.0.2.1"], "vlan": [7]}, "port": "22",
               "authentication_info": SECRET, "category": ["server"], "location": {"region": "eastern-asia"}}
    },
    "extension_definitions": {
        LAYOUT: {"type": "extension-definition", "name": "L", "created_by": IDENTITY, "schema": "s", "version": "1"}
    },
}  # fmt: skip


def real(data: Path, name: str) -> Path:
    return data / "cacao" / f"{name}.json"
