"""All actuators of a site, put together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path

from infra.clock import Clock, SystemClock
from infra.errors import AppError, ErrorKind
from infra.store.seams import EventStore
from playbooks.actions import files, hosts, notices
from playbooks.actions.action import Action, Actions
from playbooks.actions.commands import Host
from playbooks.actions.firewall import firewall
from playbooks.actions.messages import Gateway, NotifySms
from playbooks.actions.processes import StopProcess
from playbooks.actions.secrets import NoSecrets, Secrets
from playbooks.engine.orders import Actuator, Order, Outcome, Seen
from playbooks.model.guard import Certainty, Effect
from playbooks.model.vocabulary import CommandType


def _no_store() -> EventStore:
    raise AppError(ErrorKind.UNAVAILABLE, "playbooks.act.no_store", place="store")


@dataclass(frozen=True)
class Surroundings:
    """What actuators need of the site."""

    folder: Path
    host: Host = field(default_factory=Host)
    secrets: Secrets = field(default_factory=NoSecrets)
    open_store: Callable[[], EventStore] = _no_store
    clock: Clock = field(default_factory=SystemClock)
    mail_server: str = "127.0.0.1:25"
    mail_sender: str = "yaodun@localhost"
    sms: Gateway = field(default_factory=Gateway)
    tell: Callable[[str, str, str], None] = lambda who, text, key: None
    more: tuple[Action, ...] = ()


def actions_of(place: Surroundings) -> list[Action]:
    """Our own actions."""
    keep, outbox = place.folder, notices.Outbox(place.folder / "outbox")
    own: list[Action] = [
        *firewall(place.host).values(),
        StopProcess(),
        files.QuarantineFile(keep / "quarantine"),
        files.SnapshotConfiguration(keep / "snapshots"),
        files.CollectEvidence(keep / "evidence"),
        *hosts.all_of(place.host, keep / "marks"),
        *notices.all_of(outbox, place.mail_server, place.mail_sender, place.tell),
        NotifySms(outbox, place.sms, place.secrets),
        *place.more,
    ]
    return own


class Late:
    """An actuator that is made when it is first needed: the libraries behind it are heavy, an idle runner is not."""

    def __init__(self, make: Callable[[], Actuator]) -> None:
        self._make = make

    @cached_property
    def _made(self) -> Actuator:
        return self._make()

    def certainty(self, order: Order) -> Certainty:
        """As the made one."""
        return self._made.certainty(order)

    def act(self, order: Order) -> Outcome:
        """As the made one."""
        return self._made.act(order)

    def probe(self, order: Order) -> Seen:
        """As the made one."""
        return self._made.probe(order)

    def effects(self, order: Order) -> tuple[Effect, ...]:
        """As the made one."""
        return self._made.effects(order)


def actuators_of(place: Surroundings) -> Mapping[str, Actuator]:
    """An actuator for each kind of command that can be done here. Those that are missing (caldera-cmd, jupyter,
    kestrel) are simulated only; live they fail, and say so."""
    ways: dict[str, Callable[[Surroundings], Actuator]] = {
        CommandType.MANUAL: _manual,
        CommandType.BASH: _bash,
        CommandType.SSH: _ssh,
        CommandType.POWERSHELL: _power_shell,
        CommandType.HTTP_API: _requests,
        CommandType.OPENC2_HTTP: _openc2,
        CommandType.ELASTIC: _search,
        CommandType.SIGMA: _sigma,
        CommandType.YARA: _yara,
        CommandType.YAODUN: lambda place: Actions(actions_of(place)),
    }
    return {kind: Late(partial(make, place)) for kind, make in ways.items()}


def _manual(place: Surroundings) -> Actuator:
    from playbooks.actions.shells import Manual

    return Manual()


def _bash(place: Surroundings) -> Actuator:
    from playbooks.actions.shells import Bash

    return Bash(place.host)


def _ssh(place: Surroundings) -> Actuator:
    from playbooks.actions.remote import Ssh

    return Ssh(place.secrets, place.folder / "known_hosts")


def _power_shell(place: Surroundings) -> Actuator:
    from playbooks.actions.remote import PowerShell

    return PowerShell(place.secrets, place.folder / "known_hosts")


def _requests(place: Surroundings) -> Actuator:
    from playbooks.actions.requests import Requests

    return Requests(place.secrets)


def _openc2(place: Surroundings) -> Actuator:
    from playbooks.actions.requests import OpenC2

    return OpenC2(place.secrets)


def _search(place: Surroundings) -> Actuator:
    from playbooks.actions.queries import StoreQuery

    return StoreQuery(place.open_store, place.clock)


def _sigma(place: Surroundings) -> Actuator:
    from playbooks.actions.queries import SigmaQuery

    return SigmaQuery(place.open_store, place.clock, place.folder / "rules")


def _yara(place: Surroundings) -> Actuator:
    from playbooks.actions.queries import YaraScan

    return YaraScan()
