"""Our one extension of CACAO: guard rails of a step or of a whole playbook (docs/playbooks.md).

In: the extension's object.  Out: ``Guard``, typed, or findings with paths.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any

import msgspec

from playbooks.model.finding import Findings, Path
from playbooks.model.shape import boolean, filled, list_of, one_of, shaped, string, whole
from playbooks.model.shape import tree as any_tree
from playbooks.model.vocabulary import VARIABLE


class Certainty(StrEnum):
    """How an attempt that a crash cut off is settled: ask the target, repeat under the same key, or ask a person."""

    PROBE = "probe"
    KEY = "key"
    NONE = "none"


class Effect(msgspec.Struct, frozen=True):
    """What a step changes: a kind, a target (may name variables), and whether it can be undone."""

    kind: str
    target: str = ""
    reversible: bool = False


class Approval(msgspec.Struct, frozen=True):
    """``count`` different people with one of ``roles`` must agree before ``expires_s`` have passed."""

    roles: tuple[str, ...] = ("operator", "analyst")
    count: int = 1
    expires_s: int = 3600
    separation: bool = True


class Window(msgspec.Struct, frozen=True, rename={"start": "from", "end": "to"}):
    """Hours in which a step may act: days 1 (Monday) to 7, ``HH:MM`` to ``HH:MM`` in ``zone``."""

    days: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7)
    start: str = "00:00"
    end: str = "24:00"
    zone: str = "Asia/Shanghai"


class Limits(msgspec.Struct, frozen=True):
    """How far a step may reach."""

    max_targets: int = 0
    per_hour: int = 0
    protected: tuple[str, ...] = ()
    windows: tuple[Window, ...] = ()


class Output(msgspec.Struct, frozen=True, rename={"source": "from"}):
    """Which part of an outcome goes into which variable."""

    variable: str
    source: str = "stdout"
    json: str = ""
    regex: str = ""


class Retry(msgspec.Struct, frozen=True):
    """How often a failed attempt is repeated, and after how long."""

    times: int = 0
    wait_s: float = 5.0


class Guard(msgspec.Struct, frozen=True):
    """The guard rails of a step or playbook."""

    type: str = "yaodun-guard"
    preconditions: tuple[str, ...] = ()
    approval: Approval | None = None
    effects: tuple[Effect, ...] = ()
    limits: Limits = Limits()
    rollback: str = ""
    certainty: Certainty | None = msgspec.field(default=None, name="idempotency")
    probe: str = ""
    outputs: tuple[Output, ...] = ()
    retry: Retry = Retry()
    texts: dict[str, dict[str, str]] = {}
    alerts: tuple[str, ...] = ()
    inputs: dict[str, str] = {}


UNGUARDED = Guard()


def guard_of(extensions: dict[str, Any] | None, key: str) -> Guard:
    """The guard rails among ``extensions``; none is an empty one."""
    found = (extensions or {}).get(key)
    return msgspec.convert(found, Guard) if isinstance(found, dict) else UNGUARDED


def _hour(found: Findings, path: Path, value: Any) -> None:
    if not isinstance(value, str) or not re.fullmatch(r"(?:[01]\d|2[0-3]):[0-5]\d|24:00", value):
        found.add(path, "not-allowed", value=str(value), allowed="00:00 … 24:00")


def _variable(found: Findings, path: Path, value: Any) -> None:
    if not isinstance(value, str) or not VARIABLE.fullmatch(value):
        found.add(path, "bad-variable-name", name=str(value))


def _real(found: Findings, path: Path, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 86_400:
        found.add(path, "out-of-range", value=str(value), low=0, high=86_400)


guard_shape = shaped(
    ["type"],
    {
        "type": one_of(["yaodun-guard"]),
        "preconditions": list_of(filled),
        "approval": shaped(
            [],
            {
                "roles": list_of(filled), "count": whole(1, 9), "expires_s": whole(1, 30 * 86_400),
                "separation": boolean,
            },
        ),
        "effects": list_of(shaped(["kind"], {"kind": filled, "target": string, "reversible": boolean}), 0),
        "limits": shaped(
            [],
            {
                "max_targets": whole(0, 100_000), "per_hour": whole(0, 100_000), "protected": list_of(filled, 0),
                "windows": list_of(
                    shaped([], {"days": list_of(whole(1, 7)), "from": _hour, "to": _hour, "zone": filled}), 0
                ),
            },
        ),
        "rollback": filled,
        "idempotency": one_of([*Certainty]),
        "probe": filled,
        "outputs": list_of(
            shaped(["variable"], {"variable": _variable, "from": filled, "json": string, "regex": string}), 0
        ),
        "retry": shaped([], {"times": whole(0, 20), "wait_s": _real}),
        "texts": any_tree,
        "alerts": list_of(filled, 0),
        "inputs": any_tree,
    },
)  # fmt: skip
