"""Case events: everything that can happen to an incident, each a value of its own. Nothing else changes a case."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

from infra.exchange import Level
from ops.incidents.state import State

NO_NUL = r"^[^\x00]*\Z"
"""PostgreSQL keeps no NUL in a text."""
Short = Annotated[str, msgspec.Meta(max_length=200, pattern=NO_NUL)]
Word = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=NO_NUL)]
Value = Annotated[str, msgspec.Meta(min_length=1, max_length=1000, pattern=NO_NUL)]
Text = Annotated[str, msgspec.Meta(max_length=8000, pattern=NO_NUL)]
Words = Annotated[str, msgspec.Meta(min_length=1, max_length=8000, pattern=NO_NUL)]
Ids = tuple[Word, ...]


class Change(msgspec.Struct, frozen=True, kw_only=True, tag_field="is", tag=str.lower, forbid_unknown_fields=True):
    """Base of every case event."""


class Clue(msgspec.Struct, frozen=True, order=True):
    """An observable: kind (``ip``, ``user``, ``file``, ``domain``, ...) and value; entities of the alerts are some."""

    kind: Word
    value: Value


class Opened(Change, frozen=True, kw_only=True):
    """The incident began; ``first_seen`` is when its first signal was."""

    number: Word
    title: Word
    level: Level
    first_seen: datetime
    last_seen: datetime
    description: Text = ""
    category: Short = ""
    split_from: Short = ""


class Joined(Change, frozen=True, kw_only=True):
    """Alerts became part of it, with what they tell: entities, systems, assets, rules, techniques."""

    alerts: Ids
    first_seen: datetime
    last_seen: datetime
    clues: tuple[Clue, ...] = ()
    systems: Ids = ()
    assets: Ids = ()
    rules: Ids = ()
    techniques: Ids = ()
    dimensions: Ids = ()


class Detached(Change, frozen=True, kw_only=True):
    """Alerts left it (``into`` names the incident a split made of them)."""

    alerts: Ids
    reason: Text = ""
    into: Short = ""


class Moved(Change, frozen=True, kw_only=True):
    """It went on to another state; ``was`` is filled in."""

    to: State
    was: State = State.NEW
    reason: Text = ""
    verdict: Short = ""


class Graded(Change, frozen=True, kw_only=True):
    """Its severity was set anew."""

    level: Level
    reason: Text = ""


class Described(Change, frozen=True, kw_only=True):
    """Title, description, category, sharing mark (TLP 2.0); empty leaves a title as it is."""

    title: Short = ""
    description: Text | None = None
    category: Short | None = None
    tlp: Short | None = None


class Appointed(Change, frozen=True, kw_only=True):
    """A role is held by a person from now on; an empty person takes it away."""

    role: Word
    person: Short


class Task(Change, frozen=True, kw_only=True):
    """A task was set or changed; ``id`` is filled in where it is new. ``state`` is open, done or dropped."""

    title: Word
    id: Short = ""
    person: Short = ""
    due: datetime | None = None
    state: Annotated[str, msgspec.Meta(pattern="^(open|done|dropped)$")] = "open"


class Noticed(Change, frozen=True, kw_only=True):
    """An observable was added, or taken away."""

    clue: Clue
    gone: bool = False
    note: Short = ""


class Affected(Change, frozen=True, kw_only=True):
    """A system or asset is affected, or turned out not to be."""

    kind: Annotated[str, msgspec.Meta(pattern="^(system|asset|data|unit)$")]
    id: Word
    gone: bool = False
    note: Short = ""


class Taken(Change, frozen=True, kw_only=True):
    """Evidence was taken: ``blob`` is its SHA-256 and the name it is kept under."""

    blob: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    name: Word
    size: int
    sm3: Short = ""
    media: Short = ""
    note: Text = ""


class Handed(Change, frozen=True, kw_only=True):
    """Custody of a piece of evidence passed on, it was copied out, or it was looked at again."""

    blob: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    act: Annotated[str, msgspec.Meta(pattern="^(passed|exported|verified|altered)$")]
    to: Short = ""
    note: Text = ""


class Said(Change, frozen=True, kw_only=True):
    """Somebody said something."""

    text: Words


class Paused(Change, frozen=True, kw_only=True):
    """The clocks stand still from now on: the work waits for others."""

    reason: Words


class Resumed(Change, frozen=True, kw_only=True):
    """The clocks run again."""


class Raised(Change, frozen=True, kw_only=True):
    """A service timer reached a stage and was brought to the holder of a role."""

    timer: Word
    stage: Word
    role: Word
    due: datetime


class Running(Change, frozen=True, kw_only=True):
    """A playbook was started, or its run reached a state."""

    run: Word
    playbook: Word
    state: Short = "started"
    simulate: bool = False


class Reviewed(Change, frozen=True, kw_only=True):
    """The review: causes, what went well and badly, what will be done; a later one replaces it."""

    summary: Words
    cause: Text = ""
    good: Text = ""
    bad: Text = ""
    measures: Text = ""


class Measured(Change, frozen=True, kw_only=True):
    """Measures the law grades by (``personal_records``, ``direct_loss_cny``, ...), and who reports."""

    values: dict[str, float]
    reporter: Short = "other"


class Reported(Change, frozen=True, kw_only=True):
    """A report the law asks for was made: which (``first``, ``onward``, ``summary``) and to whom."""

    step: Word
    to: Short = ""


class Swallowed(Change, frozen=True, kw_only=True):
    """Another incident was merged into this one."""

    other: Word
    reason: Text = ""


class Merged(Change, frozen=True, kw_only=True):
    """It was merged into another and is closed for good."""

    into: Word
    reason: Text = ""


AnyChange = (
    Opened | Joined | Detached | Moved | Graded | Described | Appointed | Task | Noticed | Affected | Taken | Handed
    | Said | Paused | Resumed | Raised | Running | Reviewed | Measured | Reported | Swallowed | Merged
)  # fmt: skip
ByPeople = (
    Moved | Graded | Described | Appointed | Task | Noticed | Affected | Said | Paused | Resumed | Reviewed | Measured
    | Reported
)  # fmt: skip
"""What a person may send as it is; the others have ways of their own."""


def name_of(change: Change) -> str:
    """The tag of an event: ``moved``."""
    return str(change.__struct_config__.tag)
