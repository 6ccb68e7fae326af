"""OpenStack: keystone for the door and the catalogue, nova, neutron, cinder and glance for what there is, read only."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urljoin

import httpx
import msgspec

from collectors.cloud.picture import CloudWatch, Picture, Thing, Usage
from collectors.cloud.rest import CloudError, ask, client_of, document
from collectors.pollers.looking import keep_looking
from collectors.pollers.seams import Poller, PollerSettings, Tree, settings_of
from collectors.pollers.secret import Secret, secret_of
from collectors.sources.reporting import Reporter, milliseconds
from infra.events.seams import EventSink
from infra.events.stream import Event

MAX_ITEMS = 100_000
MAX_PAGES = 1_000
_EVERYONE = ("compute", "block-storage")
"""Services that list one tenant's things unless they are asked for everybody's."""


class OpenStackSettings(PollerSettings, frozen=True, kw_only=True):
    """A cloud. ``url`` is keystone's (``https://HOST:5000/v3``); ``password`` names a secret; or an application
    credential by ``credential`` and ``credential_secret``."""

    url: str
    cloud: str = "openstack"
    user: str = ""
    password: str = ""
    project: str = "admin"
    domain: str = "Default"
    credential: str = ""
    credential_secret: str = ""
    region: str = ""
    interface: str = "public"
    ca: str = ""
    registered: tuple[str, ...] = ()
    shared_networks: tuple[str, ...] = ()
    interval_s: Annotated[float, msgspec.Meta(ge=1)] = 60.0
    timeout_s: Annotated[float, msgspec.Meta(gt=0)] = 30.0


class OpenStackPoller:
    """One cloud, looked at every ``interval_s``."""

    def __init__(self, reporter: Reporter, settings: OpenStackSettings, secret: Secret) -> None:
        self._reporter, self._settings, self._secret = reporter, settings, secret
        self._client = client_of(settings.ca, "", "", settings.timeout_s)
        self._token = ""
        self._catalogue: dict[str, str] = {}
        self._watch = CloudWatch(settings.cloud, "openstack", settings.registered, settings.shared_networks)

    async def run(self, sink: EventSink) -> None:
        """Until cancelled; a cloud that cannot be read raises, and is tried again."""
        await keep_looking(self._reporter, sink, self.look, self._settings.interval_s)

    async def look(self) -> list[Event]:
        """Documents of one look; ``CloudError``."""
        try:
            picture = await self._picture()
        except CloudError as error:
            if error.status != 401 or not self._token:
                raise
            self._token = ""
            picture = await self._picture()
        return self._watch.update(picture, milliseconds(self._reporter.now()))

    async def _picture(self) -> Picture:
        if not self._token:
            await self._sign_in()
        ports = [each async for each in self._items("network", "v2.0/ports", "ports")]
        hypervisors = [each async for each in self._items("compute", "os-hypervisors/detail", "hypervisors")]
        things: dict[str, list[Thing]] = {}
        for kind, where in _LISTS.items():
            things[kind] = [_READ[kind](each, ports) async for each in self._items(*where)]
        picture = Picture(things={**things, "host": [_hypervisor(each) for each in hypervisors]})
        for each in hypervisors:
            picture.usage |= _hypervisor_usage(each)
        return picture

    async def _sign_in(self) -> None:
        url = f"{self._settings.url.rstrip('/')}/auth/tokens"
        answer = await ask(self._client, "POST", url, json={"auth": self._identity()})
        self._token = answer.headers.get("x-subject-token", "")
        token = document(answer.content, url).get("token") or {}
        self._catalogue = {"identity": f"{self._settings.url.rstrip('/')}/"}
        for service in token.get("catalog") or ():
            for endpoint in service.get("endpoints") or ():
                right = not self._settings.region or endpoint.get("region_id") == self._settings.region
                if right and endpoint.get("interface") == self._settings.interface:
                    kind = str(service.get("type", "")).replace("volumev3", "block-storage")
                    self._catalogue.setdefault(kind, f"{str(endpoint.get('url', '')).rstrip('/')}/")
        if not self._token:
            raise CloudError(f"{url}: keystone gave no token")

    def _identity(self) -> dict[str, Any]:
        settings, secret = self._settings, self._secret.reveal()
        if settings.credential:
            credential = {"id": settings.credential, "secret": secret}
            return {"identity": {"methods": ["application_credential"], "application_credential": credential}}
        domain = {"name": settings.domain}
        user = {"name": settings.user, "domain": domain, "password": secret}
        scope = {"project": {"name": settings.project, "domain": domain}}
        return {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": scope}

    async def _items(
        self, service: str, path: str, name: str, *, everyone: bool = False
    ) -> AsyncIterator[dict[str, Any]]:
        """All items of a list, page by page; a service that is not in the catalogue has none."""
        base = self._catalogue.get(service)
        if base is None:
            return
        url, seen = httpx.URL(urljoin(base, path), params={"all_tenants": "1"} if service in _EVERYONE else None), 0
        for _ in range(MAX_PAGES):
            answer = await ask(self._client, "GET", str(url), headers={"X-Auth-Token": self._token})
            tree = document(answer.content, str(url))
            for item in tree.get(name) or ():
                seen += 1
                yield item
            following = _following(tree, name)
            if not following or seen >= MAX_ITEMS:
                return
            following_url = httpx.URL(urljoin(base, following))
            if following_url.host != url.host:
                raise CloudError(f"{service}: the next page is on another host")
            url = following_url


def _following(tree: dict[str, Any], name: str) -> str:
    """The next page: nova and cinder give links, glance a path."""
    for link in tree.get(f"{name}_links") or ():
        if link.get("rel") == "next":
            return str(link.get("href", ""))
    return str(tree.get("next") or "")


Ports = Sequence[dict[str, Any]]


def _tenant(item: dict[str, Any]) -> str:
    return str(item.get("tenant_id") or item.get("project_id") or item.get("os-vol-tenant-attr:tenant_id")
               or item.get("os-extended-snapshot-attributes:project_id") or item.get("owner") or "")  # fmt: skip


def _thing(item: dict[str, Any], ports: Ports = ()) -> Thing:
    state = str(item.get("status") or "")
    return Thing(id=str(item.get("id", "")), name=str(item.get("name") or ""), tenant=_tenant(item), state=state)


def _machine(item: dict[str, Any], ports: Ports = ()) -> Thing:
    own = [port for port in ports if port.get("device_id") == item.get("id")]
    addresses = {str(each.get("addr")) for net in (item.get("addresses") or {}).values() for each in net}
    addresses |= {str(each.get("ip_address")) for port in own for each in port.get("fixed_ips") or ()}
    links = tuple(sorted({str(port.get("network_id")) for port in own}))
    facts = {
        "flavor": str((item.get("flavor") or {}).get("original_name") or (item.get("flavor") or {}).get("id") or "")
    }
    host = str(item.get("OS-EXT-SRV-ATTR:host") or item.get("hostId") or "")
    return msgspec.structs.replace(
        _thing(item), host=host, links=links, addresses=tuple(sorted(addresses)), facts=facts
    )  # fmt: skip


def _hypervisor(item: dict[str, Any]) -> Thing:
    name, address = str(item.get("hypervisor_hostname", "")), str(item.get("host_ip") or "")
    return Thing(
        id=str(item.get("id", name)),
        name=name,
        state=str(item.get("state", "")),
        addresses=(address,) if address else (),
    )


def _hypervisor_usage(item: dict[str, Any]) -> dict[str, Usage]:
    name = item.get("hypervisor_hostname", "")
    pairs = {"memory": ("memory_mb_used", "memory_mb", "MiB"), "disk": ("local_gb_used", "local_gb", "GiB")}
    return {
        f"{name}/{what}": Usage(used=float(item.get(used) or 0), limit=float(item.get(limit) or 0), unit=unit)
        for what, (used, limit, unit) in pairs.items()
    }


def _image(item: dict[str, Any], ports: Ports = ()) -> Thing:
    source = str(item.get("instance_uuid") or item.get("base_image_ref") or "")
    links = (source,) if source and item.get("image_type") == "snapshot" else ()
    return msgspec.structs.replace(_thing(item), visibility=str(item.get("visibility") or ""), links=links)


def _volume(item: dict[str, Any], ports: Ports = ()) -> Thing:
    attached = tuple(str(each.get("server_id")) for each in item.get("attachments") or ())
    facts = {"size_gib": str(item.get("size", "")), "encrypted": str(item.get("encrypted", ""))}
    return msgspec.structs.replace(_thing(item), links=attached, facts=facts)


def _snapshot(item: dict[str, Any], ports: Ports = ()) -> Thing:
    return msgspec.structs.replace(_thing(item), links=(str(item.get("volume_id") or ""),))


def _network(item: dict[str, Any], ports: Ports = ()) -> Thing:
    visibility = "shared" if item.get("shared") else ""
    return msgspec.structs.replace(
        _thing(item), visibility=visibility, facts={"external": str(item.get("router:external", ""))}
    )


def _router(item: dict[str, Any], ports: Ports = ()) -> Thing:
    links = {str(port.get("network_id")) for port in ports if port.get("device_id") == item.get("id")
             and port.get("device_owner") == "network:router_interface"}  # fmt: skip
    return msgspec.structs.replace(_thing(item), links=tuple(sorted(links)))


_LISTS = {
    "tenant": ("identity", "projects", "projects"), "machine": ("compute", "servers/detail", "servers"),
    "image": ("image", "v2/images", "images"), "volume": ("block-storage", "volumes/detail", "volumes"),
    "snapshot": ("block-storage", "snapshots/detail", "snapshots"), "network": ("network", "v2.0/networks", "networks"),
    "router": ("network", "v2.0/routers", "routers"),
}  # fmt: skip
_READ: dict[str, Callable[[dict[str, Any], Ports], Thing]] = {
    "tenant": _thing, "machine": _machine, "image": _image, "volume": _volume, "snapshot": _snapshot,
    "network": _network, "router": _router,
}  # fmt: skip


def make(reporter: Reporter, tree: Tree, state: Path) -> Poller:
    """A watcher of one cloud."""
    settings = settings_of(tree, OpenStackSettings)
    return OpenStackPoller(reporter, settings, secret_of(settings.credential_secret or settings.password))
