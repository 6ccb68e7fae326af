"""The shapes of workflow steps and commands. Source: CACAO 2.0 CS01 clauses 4 and 5."""

from __future__ import annotations

import base64
import re
from typing import Any

from playbooks.model.finding import Findings, Mend, Path, Repair
from playbooks.model.guard import guard_shape
from playbooks.model.objects import extensions, references, strings, variables
from playbooks.model.shape import (
    Check,
    Shape,
    anything,
    encoded,
    filled,
    identifier,
    list_of,
    map_of,
    moment,
    shaped,
    string,
    tree,
    whole,
)
from playbooks.model.vocabulary import (
    COMMANDS,
    ENCODED_ONLY,
    GUARD,
    IDENTIFIER,
    METHODS,
    NEXT,
    REFERENCE,
    REQUESTS,
    VARIABLE,
    CommandType,
    StepType,
)

_MAX_DELAY_MS = 366 * 86_400_000


def arguments(found: Findings, path: Path, value: Any) -> None:
    """Names of variables handed in or out."""
    list_of(string)(found, path, value)
    for index, name in enumerate(value if isinstance(value, list) else ()):
        if isinstance(name, str) and not VARIABLE.fullmatch(name.removesuffix(":value")):
            found.add((*path, index), "bad-variable-name", name=name)


def _extensions(found: Findings, path: Path, value: Any) -> None:
    extensions(found, path, value)
    if isinstance(value, dict) and isinstance(value.get(GUARD), dict):
        guard_shape(found, (*path, GUARD), value[GUARD])


_STEP: Shape = {
    "type": filled, "name": string, "description": string, "external_references": references,
    "delay": whole(0, _MAX_DELAY_MS), "timeout": whole(0, _MAX_DELAY_MS), "step_variables": variables,
    "owner": string, "step_extensions": _extensions, **dict.fromkeys(NEXT, string),
}  # fmt: skip
_BODY: dict[StepType, tuple[tuple[str, ...], Shape]] = {
    StepType.START: ((), {}),
    StepType.END: ((), {}),
    StepType.ACTION: (
        ("commands", "agent"),
        {
            "commands": lambda found, path, value: commands(found, path, value), "agent": string,
            "targets": list_of(string), "in_args": arguments, "out_args": arguments,
        },
    ),
    StepType.PLAYBOOK_ACTION: (
        ("playbook_id",),
        {
            "playbook_id": identifier("playbook"), "playbook_version": moment, "in_args": arguments,
            "out_args": arguments,
        },
    ),
    StepType.PARALLEL: (("next_steps",), {"next_steps": list_of(string, 2)}),
    StepType.IF: (("condition", "on_true"), {"condition": filled, "on_true": string, "on_false": string}),
    StepType.WHILE: (("condition", "on_true"), {"condition": filled, "on_true": string, "on_false": string}),
    StepType.SWITCH: (("switch", "cases"), {"switch": filled, "cases": map_of(string, anything, 1)}),
}  # fmt: skip
_CHECKS: dict[StepType, Check] = {
    kind: shaped(("type", *needs), {**_STEP, **own}) for kind, (needs, own) in _BODY.items()
}


def steps(found: Findings, path: Path, workflow: Any) -> None:
    """Every step by itself."""
    for key, item in workflow.items():
        step(found, (*path, key), key, item)


def step(found: Findings, path: Path, key: str, item: Any) -> None:
    """One step: its identifier, its properties, its continuations."""
    if not isinstance(item, dict):
        tree(found, path, item)
        return
    kind = item.get("type")
    if kind not in _CHECKS:
        code = "missing-property" if kind is None else "unknown-step-type"
        found.add((*path, "type"), code, name="type", value=str(kind), allowed=", ".join(StepType))
        return
    if not IDENTIFIER.fullmatch(key):
        found.add(path, "bad-identifier", value=key)
    elif key.split("--")[0] != kind:
        found.add((*path, "type"), "definition-kind", key=key, kind=kind)
    if kind == StepType.ACTION and "commands" not in item and "agent" not in item:
        _sketched(found, path, item)
        return
    if kind == StepType.SWITCH and "switch" not in item and "cases" in item:
        words = item.get("name") or item.get("description") or "?"
        found.add((*path, "switch"), "missing-switch", Repair(Mend.PUT, (*path, "switch"), words))
    else:
        _CHECKS[StepType(kind)](found, path, item)
    _continuations(found, path, StepType(kind), item)


def _sketched(found: Findings, path: Path, item: dict[str, Any]) -> None:
    """A step that was only drawn becomes a task for a person."""
    words = item.get("description") or item.get("name") or "?"
    agent = "individual--8f1e7a52-6a0b-4d64-9a3d-0b9f4f0c7a11"
    mended = {**item, "commands": [{"type": "manual", "command": words}], "agent": agent}
    found.add(path, "sketched-action", Repair(Mend.PUT, path, mended))
    operator = {"type": "individual", "name": "Operator"}
    found.add(
        (*path, "agent"), "missing-property", Repair(Mend.PUT, ("agent_definitions", agent), operator), name="agent"
    )


def _continuations(found: Findings, path: Path, kind: StepType, item: dict[str, Any]) -> None:
    has = [name for name in NEXT if name in item]
    if kind is StepType.END:
        for name in has:
            found.add((*path, name), "end-continues", name=name)
        return
    if "on_completion" in has and len(has) > 1:
        found.add((*path, "on_completion"), "two-continuations", names=", ".join(has))
    if kind is StepType.START and len(has) > 0 and "on_completion" not in has:
        found.add((*path, has[0]), "start-continues", name=has[0])
    elif "on_failure" in has and len(has) == 1:
        found.add((*path, "on_success"), "missing-continuation")
    elif not has:
        found.add((*path, "on_completion"), "missing-continuation")


_COMMAND: Shape = {
    "type": filled, "description": string, "version": string, "playbook_activity": string,
    "external_references": references,
}  # fmt: skip
_TEXTS: Shape = {"command": filled, "command_b64": encoded}
_HEADERS = map_of(strings)
_OF_COMMAND: dict[str, Check] = {
    **{kind: shaped(["type"], {**_COMMAND, **_TEXTS}) for kind in COMMANDS},
    **{kind: shaped(["type"], {**_COMMAND, "command_b64": encoded}) for kind in ENCODED_ONLY},
    CommandType.HTTP_API: shaped(
        ["type", "command"],
        {**_COMMAND, "command": filled, "headers": _HEADERS, "content": string, "content_b64": encoded},
    ),
    CommandType.OPENC2_HTTP: shaped(
        ["type", "command", "content_b64"],
        {**_COMMAND, "command": filled, "headers": _HEADERS, "content_b64": encoded},
    ),
}
_OTHER_NAMES = {
    "openc2": CommandType.OPENC2_HTTP, "caldera": CommandType.CALDERA, "http": CommandType.HTTP_API,
    "elasticsearch": CommandType.ELASTIC,
}  # fmt: skip


def commands(found: Findings, path: Path, value: Any) -> None:
    """The commands of an action."""
    list_of(_command)(found, path, value)


def _command(found: Findings, path: Path, item: Any) -> None:
    kind = item.get("type") if isinstance(item, dict) else None
    if not isinstance(item, dict) or not isinstance(kind, str):
        shaped(["type"], {**_COMMAND, **_TEXTS})(found, path, item)
        return
    if kind in _OTHER_NAMES:
        found.add((*path, "type"), "other-name", Repair(Mend.PUT, (*path, "type"), str(_OTHER_NAMES[kind])), value=kind)
        return
    if kind not in COMMANDS:
        found.add((*path, "type"), "foreign-command", Repair(Mend.NOTE), kind=kind)
        return
    if not _mended(found, path, kind, item):
        _OF_COMMAND[kind](found, path, item)
        _one_text(found, path, kind, item)
    if kind in REQUESTS and isinstance(item.get("command"), str):
        request_line(found, (*path, "command"), item["command"])


def _mended(found: Findings, path: Path, kind: str, item: dict[str, Any]) -> bool:
    """Plain text where the standard wants base64 is encoded."""
    pairs = []
    if kind in ENCODED_ONLY:
        pairs.append(("command", "command_b64"))
    if kind == CommandType.OPENC2_HTTP:
        pairs.append(("content", "content_b64"))
    for plain, coded in pairs:
        if isinstance(item.get(plain), str) and coded not in item:
            kept = {name: value for name, value in item.items() if name != plain}
            kept[coded] = base64.b64encode(item[plain].encode()).decode()
            found.add((*path, plain), "not-encoded", Repair(Mend.PUT, path, kept), name=coded)
            return True
    headers = item.get("headers")
    if kind in REQUESTS and isinstance(headers, dict) and any(isinstance(each, str) for each in headers.values()):
        lists = {name: [each] if isinstance(each, str) else each for name, each in headers.items()}
        wanted = {"wanted": "list", "got": "string"}
        found.add((*path, "headers"), "wrong-type", Repair(Mend.PUT, (*path, "headers"), lists), **wanted)
        return True
    return False


def _one_text(found: Findings, path: Path, kind: str, item: dict[str, Any]) -> None:
    if kind in REQUESTS:
        if "content" in item and "content_b64" in item:
            found.add((*path, "content_b64"), "two-commands", first="content", second="content_b64")
        return
    wanted = "command_b64" if kind in ENCODED_ONLY else "command"
    if "command" not in item and "command_b64" not in item:
        found.add((*path, wanted), "missing-property", name=wanted)
    elif "command" in item and "command_b64" in item:
        found.add((*path, "command_b64"), "two-commands", first="command", second="command_b64")


_LINE = re.compile(r"(?P<method>[A-Za-z]+) +(?P<target>\S+)(?: +HTTP/?(?P<version>[0-9](?:\.[0-9])?))?")


def request_line(found: Findings, path: Path, line: str) -> None:
    """``METHOD target HTTP/1.1`` (RFC 9112 clause 3)."""
    parts = split_request(line)
    if parts is None:
        found.add(path, "bad-request-line", line=line)
        return
    method, target, version = parts
    whole_line = f"{method} {target} HTTP/{version}"
    if whole_line != line:
        found.add(path, "loose-request-line", Repair(Mend.PUT, path, whole_line), line=line, mended=whole_line)


def split_request(line: str) -> tuple[str, str, str] | None:
    """Method, target and version of a request line; None where it is none."""
    match = _LINE.fullmatch(line.strip())
    if match is None or match["method"].upper() not in METHODS:
        return None
    target = match["target"]
    if not re.match(r"/|https?://|\*$", target) and not REFERENCE.match(target):
        target = "/" + target
    return match["method"].upper(), target, match["version"] or "1.1"
