"""Kubernetes: lists what there is, then watches it change (list, resourceVersion, watch, bookmarks, 410)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec

from collectors.cloud.picture import CloudWatch, Picture, Thing, Usage, Workload
from collectors.cloud.rest import CloudError, ask, client_of, document, lines
from collectors.pollers.looking import hand_over
from collectors.pollers.seams import Poller, PollerSettings, Tree, settings_of
from collectors.pollers.secret import Secret, secret_of
from collectors.sources.reporting import Reporter, milliseconds
from infra.events.seams import EventSink
from infra.events.stream import Event, Stream

_LISTS = {
    "namespaces": "/api/v1/namespaces", "nodes": "/api/v1/nodes", "pods": "/api/v1/pods",
    "services": "/api/v1/services", "persistentvolumes": "/api/v1/persistentvolumes",
    "persistentvolumeclaims": "/api/v1/persistentvolumeclaims", "resourcequotas": "/api/v1/resourcequotas",
    "deployments": "/apis/apps/v1/deployments", "statefulsets": "/apis/apps/v1/statefulsets",
    "volumesnapshots": "/apis/snapshot.storage.k8s.io/v1/volumesnapshots", "events": "/api/v1/events",
}  # fmt: skip
_OPTIONAL = ("volumesnapshots",)
_PAGE = 500
MAX_OBJECTS = 200_000
_WATCH_S = 300
_SUFFIXES = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "m": 1e-3}


class KubernetesSettings(PollerSettings, frozen=True, kw_only=True):
    """A cluster. ``token`` names a secret; or ``certificate`` and ``key`` files. ``registered`` are patterns of node
    names that may be there."""

    url: str
    cloud: str = "kubernetes"
    token: str = ""
    ca: str = ""
    certificate: str = ""
    key: str = ""
    registered: tuple[str, ...] = ()
    shared_networks: tuple[str, ...] = ()
    interval_s: Annotated[float, msgspec.Meta(ge=0.1)] = 30.0
    timeout_s: Annotated[float, msgspec.Meta(gt=0)] = 30.0


class KubernetesPoller:
    """One cluster: what it holds is kept by watches and looked at every ``interval_s``."""

    def __init__(self, reporter: Reporter, settings: KubernetesSettings, token: Secret) -> None:
        self._reporter, self._settings = reporter, settings
        self._headers = {"Authorization": f"Bearer {token.reveal()}"} if token else {}
        self._client = client_of(settings.ca, settings.certificate, settings.key, settings.timeout_s)
        self._objects: dict[str, dict[str, dict[str, Any]]] = {}
        self._told: list[Event] = []
        self._ready: set[str] = set()
        self._watch = CloudWatch(settings.cloud, "kubernetes", settings.registered, settings.shared_networks)

    async def run(self, sink: EventSink) -> None:
        """Until cancelled; a cluster that cannot be read raises, and is tried again."""
        self._ready.clear()
        async with asyncio.TaskGroup() as group:
            for name, path in _LISTS.items():
                group.create_task(self._follow(name, path))
            group.create_task(self._look(sink))

    async def _look(self, sink: EventSink) -> None:
        while True:
            if len(self._ready) == len(_LISTS):
                self._reporter.running()
                now = milliseconds(self._reporter.now())
                told, self._told = self._told, []
                documents = [*self._watch.update(self.picture(), now), *told]
                await hand_over(self._reporter, sink, documents)
                await asyncio.sleep(self._settings.interval_s)
            else:
                await asyncio.sleep(0.02)

    async def _follow(self, name: str, path: str) -> None:
        """Lists, watches from there, and lists anew where the server has forgotten where we were (410)."""
        while True:
            try:
                version = await self._list(name, path)
            except CloudError as error:
                if error.status == 404 and name in _OPTIONAL:
                    self._objects[name] = {}
                    self._ready.add(name)
                    return
                raise
            self._ready.add(name)
            while version:
                began = time.monotonic()
                version = await self._watch_from(name, path, version)
                await asyncio.sleep(max(0.0, 0.05 - (time.monotonic() - began)))

    async def _list(self, name: str, path: str) -> str:
        found: dict[str, dict[str, Any]] = {}
        query: dict[str, str] = {"limit": str(_PAGE)}
        while True:
            url = f"{self._settings.url.rstrip('/')}{path}"
            answer = await ask(self._client, "GET", url, params=query, headers=self._headers)
            tree = document(answer.content, url)
            for item in tree.get("items") or ():
                found[_uid(item)] = item
            meta = tree.get("metadata") or {}
            if not meta.get("continue") or len(found) >= MAX_OBJECTS:
                self._objects[name] = found
                return str(meta.get("resourceVersion", ""))
            query["continue"] = str(meta["continue"])

    async def _watch_from(self, name: str, path: str, version: str) -> str:
        """The version reached, or '' where everything must be listed again."""
        query = {
            "watch": "1",
            "resourceVersion": version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(_WATCH_S),
        }
        url = f"{self._settings.url.rstrip('/')}{path}"
        try:
            async for change in lines(self._client, url, params=query, headers=self._headers, timeout=_WATCH_S + 30):
                item, kind = change.get("object") or {}, change.get("type")
                if kind == "ERROR":
                    return ""
                version = str((item.get("metadata") or {}).get("resourceVersion") or version)
                self._apply(name, str(kind), item)
        except CloudError as error:
            if error.status == 410:
                return ""
            raise
        return version

    def _apply(self, name: str, kind: str, item: dict[str, Any]) -> None:
        if kind == "DELETED":
            self._objects[name].pop(_uid(item), None)
        elif kind in ("ADDED", "MODIFIED"):
            if len(self._objects[name]) < MAX_OBJECTS:
                self._objects[name][_uid(item)] = item
            if name == "events" and len(self._told) < 10_000:
                self._told.append(event_document(item, self._settings.cloud, milliseconds(self._reporter.now())))

    def picture(self) -> Picture:
        """The cluster as it is now."""
        return picture_of(self._objects)


def picture_of(objects: Mapping[str, Mapping[str, dict[str, Any]]]) -> Picture:
    """Objects by list and uid as a picture: nodes are machines, pods run on them."""

    def each(name: str) -> list[dict[str, Any]]:
        return list(objects.get(name, {}).values())

    things = {
        "tenant": [_thing(item) for item in each("namespaces")],
        "machine": [_node(item) for item in each("nodes")],
        "pod": [_pod(item) for item in each("pods")],
        "service": [_thing(item) for item in each("services")],
        "volume": [_thing(item) for item in (*each("persistentvolumes"), *each("persistentvolumeclaims"))],
        "snapshot": [_thing(item) for item in each("volumesnapshots")],
    }
    workloads = {}
    for item in (*each("deployments"), *each("statefulsets")):
        wanted, ready = _at(item, "spec", "replicas"), _at(item, "status", "readyReplicas")
        meta = item.get("metadata") or {}
        workloads[f"{meta.get('namespace', '')}/{meta.get('name', '')}"] = Workload(
            wanted=1 if wanted is None else int(wanted), ready=int(ready or 0)
        )
    return Picture(
        things=things, usage=_usage(each("resourcequotas"), each("nodes"), each("pods")), workloads=workloads
    )


def _usage(quotas: list[dict[str, Any]], nodes: list[dict[str, Any]], pods: list[dict[str, Any]]) -> dict[str, Usage]:
    found = {}
    for quota in quotas:
        meta = quota.get("metadata") or {}
        for name, limit in (_at(quota, "status", "hard") or {}).items():
            used = (_at(quota, "status", "used") or {}).get(name, "0")
            key = f"quota/{meta.get('namespace', '')}/{name}"
            found[key] = Usage(used=quantity(used), limit=quantity(limit), unit=name)
    running: dict[str, int] = {}
    for pod in pods:
        if _at(pod, "status", "phase") not in ("Succeeded", "Failed"):
            node = str(_at(pod, "spec", "nodeName") or "")
            running[node] = running.get(node, 0) + 1
    for each in nodes:
        name = str(_at(each, "metadata", "name"))
        limit = quantity((_at(each, "status", "allocatable") or {}).get("pods", "0"))
        found[f"node/{name}/pods"] = Usage(used=running.get(name, 0), limit=limit, unit="pods")
    return found


def quantity(text: Any) -> float:
    """A Kubernetes quantity such as ``500m``, ``4Gi`` or ``12`` as a number; 0 where it is none."""
    words = str(text)
    for suffix, factor in _SUFFIXES.items():
        if words.endswith(suffix):
            words, scale = words[: -len(suffix)], factor
            break
    else:
        scale = 1.0
    try:
        return float(words) * scale
    except ValueError:
        return 0.0


def event_document(item: dict[str, Any], cloud: str, now_ms: int) -> Event:
    """An event of the cluster as an event of ours."""
    about, meta = item.get("involvedObject") or {}, item.get("metadata") or {}
    return {
        "@timestamp": item.get("lastTimestamp") or item.get("eventTime") or meta.get("creationTimestamp") or now_ms,
        "event.kind": "event", "event.category": ["configuration"], "event.type": ["info"],
        "event.module": "kubernetes", "event.dataset": "kubernetes.event", "host.name": None,
        "event.action": str(item.get("reason", ""))[:200],
        "event.outcome": "failure" if item.get("type") == "Warning" else "success", "cloud.account.name": cloud,
        "orchestrator.namespace": str(about.get("namespace", "")),
        "orchestrator.resource.type": str(about.get("kind", "")),
        "orchestrator.resource.name": str(about.get("name", "")), "yaodun.stream": Stream.LOGS.value,
        "message": str(item.get("message", ""))[:4_000],
    }  # fmt: skip


def _uid(item: dict[str, Any]) -> str:
    meta = item.get("metadata") or {}
    return str(meta.get("uid") or f"{meta.get('namespace', '')}/{meta.get('name', '')}")


def _thing(item: dict[str, Any]) -> Thing:
    meta = item.get("metadata") or {}
    state = str(_at(item, "status", "phase") or "")
    return Thing(id=_uid(item), name=str(meta.get("name", "")), tenant=str(meta.get("namespace", "")), state=state)


def _node(item: dict[str, Any]) -> Thing:
    addresses = tuple(str(each.get("address")) for each in _at(item, "status", "addresses") or ()
                      if each.get("type") in ("InternalIP", "ExternalIP"))  # fmt: skip
    ready = [each.get("status") for each in _at(item, "status", "conditions") or () if each.get("type") == "Ready"]
    info = _at(item, "status", "nodeInfo") or {}
    facts = {"kubelet": str(info.get("kubeletVersion", "")), "system": str(info.get("osImage", ""))}
    state = "ready" if ready == ["True"] else "not-ready"
    return msgspec.structs.replace(_thing(item), state=state, addresses=addresses, facts=facts)


def _pod(item: dict[str, Any]) -> Thing:
    address = _at(item, "status", "podIP")
    images = ", ".join(str(each.get("image", "")) for each in _at(item, "spec", "containers") or ())
    facts = {"images": images[:500], "account": str(_at(item, "spec", "serviceAccountName") or "")}
    return msgspec.structs.replace(
        _thing(item), host=str(_at(item, "spec", "nodeName") or ""), addresses=(str(address),) if address else (),
        facts=facts,
    )  # fmt: skip


def _at(item: dict[str, Any], *names: str) -> Any:
    found: Any = item
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return found


def make(reporter: Reporter, tree: Tree, state: Path) -> Poller:
    """A watcher of one cluster."""
    settings = settings_of(tree, KubernetesSettings)
    return KubernetesPoller(reporter, settings, secret_of(settings.token))
