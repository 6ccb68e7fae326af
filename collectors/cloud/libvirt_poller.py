"""libvirt: machines, pools, networks and snapshots of a host, read by ``virsh`` without the right to change."""

from __future__ import annotations

import asyncio
import re
import shutil
from pathlib import Path
from typing import Annotated
from xml.etree.ElementTree import Element

import msgspec
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from collectors.cloud.picture import CloudWatch, Picture, Thing, Usage
from collectors.pollers.looking import keep_looking
from collectors.pollers.seams import Poller, PollerSettings, Tree, settings_of
from collectors.sources.reporting import Reporter, milliseconds
from infra.errors import AppError, ErrorKind
from infra.events.seams import EventSink
from infra.events.stream import Event, Stream

MAX_OUTPUT = 16 << 20
MAX_MACHINES = 2_000
_NAME = re.compile(r"^[\w.:@+-]{1,200}$")


class LibvirtSettings(PollerSettings, frozen=True, kw_only=True):
    """A hypervisor. ``uri`` as libvirt writes it (``qemu:///system``, ``qemu+ssh://HOST/system``)."""

    uri: str = "qemu:///system"
    cloud: str = "libvirt"
    registered: tuple[str, ...] = ()
    shared_networks: tuple[str, ...] = ()
    interval_s: Annotated[float, msgspec.Meta(ge=1)] = 30.0
    timeout_s: Annotated[float, msgspec.Meta(gt=0)] = 20.0


class LibvirtPoller:
    """One hypervisor; machines that start, stop, appear and go are told as events."""

    def __init__(self, reporter: Reporter, settings: LibvirtSettings, virsh: str) -> None:
        self._reporter, self._settings, self._virsh = reporter, settings, virsh
        self._watch = CloudWatch(settings.cloud, "libvirt", settings.registered, settings.shared_networks)
        self._states: dict[str, str] | None = None

    async def run(self, sink: EventSink) -> None:
        """Until cancelled; a hypervisor that cannot be read raises, and is tried again."""
        await keep_looking(self._reporter, sink, self.look, self._settings.interval_s)

    async def look(self) -> list[Event]:
        """Documents of one look; ``OSError`` or ``ValueError`` where there is none."""
        now = milliseconds(self._reporter.now())
        picture = await self.picture()
        return [*self._watch.update(picture, now), *self._changes(picture, now)]

    async def picture(self) -> Picture:
        """The hypervisor as it is now."""
        names = [name for name in (await self._ask("list --all --name")).split() if _NAME.match(name)][:MAX_MACHINES]
        host = (await self._ask("hostname")).strip()
        machines, snapshots = [], []
        for name in names:
            machines.append(
                _machine(await self._ask(f"dumpxml {name}"), (await self._ask(f"domstate {name}")).strip(), host)
            )
            taken = (await self._ask(f"snapshot-list {name} --name")).split()
            snapshots += [Thing(id=f"{name}/{each}", name=each, links=(machines[-1].id,)) for each in taken]
        networks = [Thing(id=name, name=name) for name in (await self._ask("net-list --all --name")).split()]
        picture = Picture(things={"machine": machines, "snapshot": snapshots, "network": networks})
        for pool in (await self._ask("pool-list --all --name")).split():
            if _NAME.match(pool):
                picture.usage |= _pool_usage(pool, await self._ask(f"pool-dumpxml {pool}"))
        return picture

    def _changes(self, picture: Picture, now_ms: int) -> list[Event]:
        states = {each.name: each.state for each in picture.things["machine"]}
        before, self._states = self._states, states
        if before is None:
            return []
        changed = {name: (before.get(name, "absent"), states.get(name, "absent")) for name in {*before, *states}}
        return [
            {
                "@timestamp": now_ms, "event.kind": "event", "event.category": ["host"], "event.type": ["change"],
                "event.action": "machine-state", "event.module": "libvirt", "event.dataset": "libvirt.event",
                "cloud.instance.name": name, "host.name": name, "event.reason": f"{was} -> {now}",
                "message": f"machine {name}: {was} -> {now}", "yaodun.stream": Stream.LOGS.value,
            }
            for name, (was, now) in sorted(changed.items()) if was != now
        ]  # fmt: skip

    async def _ask(self, words: str) -> str:
        """The output of one ``virsh`` command on a read-only connection."""
        process = await asyncio.create_subprocess_exec(
            self._virsh, "-r", "-q", "-c", self._settings.uri, *words.split(), stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, limit=MAX_OUTPUT,
        )  # fmt: skip
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                out, problem = await process.communicate()
        except TimeoutError:
            process.kill()
            await process.wait()
            raise ConnectionError(f"{self._settings.uri} does not answer") from None
        if process.returncode:
            raise ConnectionError(problem.decode("utf-8", "replace").strip()[:300])
        return out[:MAX_OUTPUT].decode("utf-8", "replace")


def _machine(xml: str, state: str, host: str) -> Thing:
    tree = _parsed(xml)
    links = {each.get("network", each.get("bridge", "")) for each in tree.iterfind("./devices/interface/source")}
    macs = ", ".join(each.get("address", "") for each in tree.iterfind("./devices/interface/mac"))
    facts = {"memory_kib": _text(tree, "memory"), "vcpu": _text(tree, "vcpu"), "mac": macs}
    identity = _text(tree, "uuid")
    return Thing(
        id=identity, name=_text(tree, "name"), host=host, state=state, links=tuple(sorted(links - {""})), facts=facts
    )


def _pool_usage(pool: str, xml: str) -> dict[str, Usage]:
    tree = _parsed(xml)
    capacity, used = (float(_text(tree, name) or 0) for name in ("capacity", "allocation"))
    return {f"pool/{pool}": Usage(used=used, limit=capacity, unit="bytes")}


def _parsed(xml: str) -> Element:
    try:
        tree: Element = fromstring(xml)
    except (ParseError, DefusedXmlException):
        raise ValueError("libvirt's answer is no XML") from None
    return tree


def _text(tree: Element, name: str) -> str:
    return (tree.findtext(name) or "").strip()


def make(reporter: Reporter, tree: Tree, state: Path) -> Poller:
    """A watcher of one hypervisor; ``AppError`` where there is no ``virsh``."""
    settings = settings_of(tree, LibvirtSettings)
    virsh = shutil.which("virsh")
    if virsh is None:
        problem = "virsh is not installed: apt-get install libvirt-clients"
        raise AppError(ErrorKind.ENVIRONMENT, "collectors.poller_setting", place="libvirt", problem=problem)
    return LibvirtPoller(reporter, settings, virsh)
