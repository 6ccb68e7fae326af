"""Case events in words, for the timeline and the report."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import msgspec

from infra.text import say
from ops.incidents import change as c
from ops.incidents.case import CaseEvent

Named = Callable[[str], str]
BEIJING = timezone(timedelta(hours=8))
ENUMS = {"to": "ops.incidents.state", "was": "ops.incidents.state", "level": "ops.incidents.level",
         "verdict": "ops.incidents.verdict", "role": "ops.incidents.role", "timer": "ops.incidents.timer"}  # fmt: skip


def sentence(event: CaseEvent, named: Named = str) -> str:
    """What happened in one sentence, in the language of the context; ``named`` turns account ids into names."""
    change = event.change
    detail = {name: _word(change, name, named) for name in change.__struct_fields__}
    return say(f"ops.incidents.said.{c.name_of(change)}{_form(change)}", **detail)


def _form(change: c.Change) -> str:
    """Some events read differently by their content."""
    if isinstance(change, c.Handed):
        return f"_{change.act}"
    if isinstance(change, c.Task):
        return f"_{change.state}"
    if isinstance(change, c.Noticed | c.Affected):
        return "_gone" if change.gone else ""
    if isinstance(change, c.Appointed):
        return "" if change.person else "_nobody"
    if isinstance(change, c.Moved):
        return f"_{change.to}" if change.to in ("closed", "reopened") else ""
    return ""


def _word(change: c.Change, name: str, named: Named) -> str:
    value = getattr(change, name)
    if isinstance(change, c.Handed | c.Reported) and name == "to":
        return str(value)
    if isinstance(change, c.Running) and name in ("playbook", "state"):
        return _of_run(change, name, named)
    if name in ENUMS and value:
        return say(f"{ENUMS[name]}.{value}")
    if name in ("person",):
        return named(value) if value else "—"
    if isinstance(value, datetime):
        return f"{value.astimezone(BEIJING):%Y-%m-%d %H:%M}"
    if isinstance(value, c.Clue):
        return f"{value.kind} {value.value}"
    if isinstance(value, tuple):
        return str(len(value))
    if isinstance(value, dict):
        return msgspec.json.encode(value).decode()
    if name == "blob":
        return f"{str(value)[:8]}…{str(value)[-4:]}"
    return str(value) if value not in (None, "") else "—"


def _of_run(change: c.Running, name: str, named: Named) -> str:
    """The state of a run in words; the title of its playbook where ``named`` knows the run."""
    if name == "state":
        return say(f"ops.incidents.run_state.{change.state.replace('-', '_')}")
    title = named(change.run)
    return change.playbook if title == change.run else title
