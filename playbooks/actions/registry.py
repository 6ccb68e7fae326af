"""All actuators of a site, put together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from infra.clock import Clock, SystemClock
from infra.errors import AppError, ErrorKind
from infra.store.seams import EventStore
from playbooks.actions import files, hosts, notices
from playbooks.actions.action import Action, Actions
from playbooks.actions.commands import Host
from playbooks.actions.firewall import firewall
from playbooks.actions.processes import StopProcess
from playbooks.actions.queries import SigmaQuery, StoreQuery, YaraScan
from playbooks.actions.requests import OpenC2, Requests
from playbooks.actions.secrets import NoSecrets, Secrets
from playbooks.actions.shells import Bash, Manual, PowerShell, Ssh
from playbooks.engine.orders import Actuator
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
    tell: Callable[[str, str, str], None] = lambda who, text, key: None
    more: tuple[Action, ...] = ()


def actions_of(place: Surroundings) -> list[Action]:
    """Our own actions."""
    keep = place.folder
    own: list[Action] = [
        *firewall(place.host).values(),
        StopProcess(),
        files.QuarantineFile(keep / "quarantine"),
        files.SnapshotConfiguration(keep / "snapshots"),
        files.CollectEvidence(keep / "evidence"),
        *hosts.all_of(place.host, keep / "marks"),
        *notices.all_of(notices.Outbox(keep / "outbox"), place.mail_server, place.mail_sender, place.tell),
        *place.more,
    ]
    return own


def actuators_of(place: Surroundings) -> Mapping[str, Actuator]:
    """An actuator for each kind of command that can be done here. Those that are missing (caldera-cmd, jupyter,
    kestrel) are simulated only; live they fail, and say so."""
    requests, openc2 = Requests(place.secrets), OpenC2(place.secrets)
    known = place.folder / "known_hosts"
    return {
        CommandType.MANUAL: Manual(),
        CommandType.BASH: Bash(place.host),
        CommandType.SSH: Ssh(place.secrets, known),
        CommandType.POWERSHELL: PowerShell(place.secrets, known),
        CommandType.HTTP_API: requests,
        CommandType.OPENC2_HTTP: openc2,
        CommandType.ELASTIC: StoreQuery(place.open_store, place.clock),
        CommandType.SIGMA: SigmaQuery(place.open_store, place.clock, place.folder / "rules"),
        CommandType.YARA: YaraScan(),
        CommandType.YAODUN: Actions(actions_of(place)),
    }
