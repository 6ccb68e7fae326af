"""A poller as a source of the agent: its kind is looked up, its library loaded and its settings read when it first
runs, so that an agent that polls nothing stays as small as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from collectors.pollers.seams import Maker, Poller
from collectors.sources.reporting import Host, Reporter, Reporting
from infra.errors import AppError, ErrorKind
from infra.events.seams import EventSink

KINDS = {
    "mqtt": "collectors.sensing.mqtt_poller",
    "modbus": "collectors.sensing.modbus_poller",
    "snmp": "collectors.snmp.snmp_poller",
    "snmp-traps": "collectors.snmp.trap_poller",
    "probe": "collectors.probes.probe_poller",
    "ssh-check": "collectors.probes.ssh_check_poller",
    "ssh-configuration": "collectors.snapshots.snapshot_poller",
    "kubernetes": "collectors.cloud.kubernetes_poller",
    "openstack": "collectors.cloud.openstack_poller",
    "libvirt": "collectors.cloud.libvirt_poller",
}
"""Where the ``make`` of each kind is."""
MAX_POLLERS = 256


class LazyPoller(Reporting):
    """One table of ``[[agent.pollers]]``."""

    def __init__(self, host: Host, tree: dict[str, Any], state: Path, number: int = 0) -> None:
        self.kind = str(tree.get("kind", ""))
        name = str(tree.get("name") or (f"{self.kind}-{number}" if number else self.kind) or "poller")
        self._tree = {key: value for key, value in tree.items() if key not in ("kind", "name")}
        self._reporter = Reporter(host, f"{self.kind}/{name}" if name != self.kind else name)
        self._state = state
        self._poller: Poller | None = None

    def note_failure(self, error: BaseException) -> None:
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        super().note_failure(error)

    async def run(self, sink: EventSink) -> None:
        """Until cancelled; returns where the poller cannot work here."""
        if self._poller is None:
            try:
                self._poller = self._make()
            except AppError as error:
                self._reporter.not_available("poller", problem=str(error))
                return
            except ImportError as error:
                self._reporter.not_available("poller_library", library=str(error.name or error))
                return
        await self._poller.run(sink)

    def _make(self) -> Poller:
        where = KINDS.get(self.kind)
        if where is None:
            known = ", ".join(KINDS)
            raise AppError(ErrorKind.INVALID, "collectors.poller_kind", place=self.kind[:64], known=known)
        make = cast(Maker, import_module(where).make)
        return make(self._reporter, self._tree, self._state)


def pollers_of(host: Host, trees: Sequence[dict[str, Any]], state: Path) -> list[LazyPoller]:
    """The pollers of a configuration, at most ``MAX_POLLERS``."""
    return [LazyPoller(host, dict(tree), state, number) for number, tree in enumerate(trees[:MAX_POLLERS])]
