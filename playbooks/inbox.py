"""What runs wait for, as work of a person: approvals this person may give, tasks, decisions and questions."""

from __future__ import annotations

from collections.abc import Sequence

from infra.exchange import Level, Todo
from infra.text import say
from infra.web.seams import Actor, Authorizer
from playbooks.engine.reading import WaitView
from playbooks.library.wording import step_name
from playbooks.room import PlaybookRoom


class RunTodos:
    """A source of the portal (``ops.portal.TodoSource``)."""

    def __init__(self, room: PlaybookRoom, access: Authorizer) -> None:
        self._room, self._access = room, access

    def todos(self, actor: Actor) -> Sequence[Todo]:
        """Nobody is asked to agree to a run of their own, or to what needs other roles, or where they may not."""
        if not self._access.decide(actor, "playbooks.run").allowed:
            return []
        waits = [wait for wait in self._room.reading.waits() if may_answer(wait, actor)]
        titles = self._room.titles() if waits else {}
        return [_todo(wait, titles.get(wait.sha256, wait.playbook)) for wait in waits]


def _todo(wait: WaitView, title: str) -> Todo:
    return Todo(
        id=wait.id, title=say(f"playbooks.inbox.{wait.kind}", step=step_name(wait.question), playbook=title),
        assignee=None, due=wait.due, level=Level.HIGH if wait.kind == "approval" else Level.MEDIUM,
        href=f"/ui/playbooks?run={wait.run}", room="playbooks",
    )  # fmt: skip


def may_answer(wait: WaitView, actor: Actor) -> bool:
    """Whether a wait is for this person, as far as roles and who asked for the run say."""
    if wait.kind != "approval":
        return True
    own = wait.apart and wait.requester == actor.id
    return not own and actor.id not in wait.spoke and bool(set(wait.roles) & set(actor.roles))
