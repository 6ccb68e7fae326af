# ruff: noqa: E501 - tables of answers
"""Clouds: servers that speak the published APIs, written here apart from the collectors, and libvirt's own test driver.

No Kubernetes and no OpenStack run in these tests: the servers below answer as their API references say. libvirt is real.
"""

from __future__ import annotations

import asyncio
import json
import queue
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from collectors.cloud.kubernetes_poller import KubernetesPoller
from collectors.cloud.kubernetes_poller import make as make_kubernetes
from collectors.cloud.libvirt_poller import make as make_libvirt
from collectors.cloud.openstack_poller import make as make_openstack
from collectors.cloud.rest import CloudError
from collectors.sources.reporting import Host, Reporter
from infra.events.stream import Event
from tests.unit.collectors.sinks import KeepingSink, conforming

pytestmark = pytest.mark.integration
REPORTER = Reporter(Host("agent1", ""), "cloud")


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Quiet(BaseHTTPRequestHandler):
    def log_message(self, *words: Any) -> None:
        pass

    def answer(self, tree: Any, status: int = 200, **headers: str) -> None:
        body = json.dumps(tree).encode()
        self.send_response(status)
        for name, value in {"content-type": "application/json", "content-length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)


class Cluster:
    """A Kubernetes API server with lists in pages, watches and forgotten versions."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, dict[str, Any]]] = {}
        self.version = 10
        self.watches: dict[str, list[queue.Queue[Any]]] = {}
        self.lists: dict[str, int] = {}

    def put(self, path: str, name: str, namespace: str = "", kind: str = "ADDED", **parts: Any) -> None:
        self.version += 1
        meta = {"uid": f"{path}{name}", "name": name, "namespace": namespace, "resourceVersion": str(self.version)}
        item = {"metadata": meta, **parts}
        known = self.objects.setdefault(path, {})
        if kind == "DELETED":
            known.pop(meta["uid"], None)
        else:
            known[meta["uid"]] = item
        for watch in self.watches.get(path, []):
            watch.put({"type": kind, "object": item})

    def handler(self) -> type[BaseHTTPRequestHandler]:
        cluster = self

        class Handler(Quiet):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                if self.headers.get("authorization") != "Bearer right":
                    self.answer({"kind": "Status", "code": 401}, 401)
                elif "snapshot.storage" in parts.path:
                    self.answer({"kind": "Status", "code": 404}, 404)
                elif query.get("watch"):
                    self.watch(parts.path)
                else:
                    self.list(parts.path, query)

            def list(self, path: str, query: dict[str, str]) -> None:
                cluster.lists[path] = cluster.lists.get(path, 0) + 1
                items = list(cluster.objects.get(path, {}).values())
                start = int(query.get("continue", "0"))
                page = items[start : start + 2]
                meta = {"resourceVersion": str(cluster.version)}
                if start + 2 < len(items):
                    meta["continue"] = str(start + 2)
                self.answer({"kind": "List", "metadata": meta, "items": page})

            def watch(self, path: str) -> None:
                changes: queue.Queue[Any] = queue.Queue()
                cluster.watches.setdefault(path, []).append(changes)
                self.send_response(200)
                self.end_headers()
                try:
                    while (change := changes.get(timeout=30)) is not None:
                        self.wfile.write(json.dumps(change).encode() + b"\n")
                        self.wfile.flush()
                except (OSError, queue.Empty):
                    pass

        return Handler

    def end(self) -> None:
        for watches in self.watches.values():
            for watch in watches:
                watch.put(None)


def named(documents: list[Event], action: str) -> list[str]:
    return [each["cloud.instance.name"] for each in documents if each.get("event.action") == action]


async def seen(sink: KeepingSink, action: str, count: int = 1) -> list[Event]:
    async with asyncio.timeout(15):
        while True:
            documents = [item.document for item in sink.parsed()]
            if sum(each.get("event.action") == action for each in documents) >= count:
                return documents
            await asyncio.sleep(0.02)


async def test_a_cluster_is_listed_watched_and_judged(tmp_path: Path) -> None:
    cluster, sink = Cluster(), KeepingSink()
    for number in range(5):
        cluster.put("/api/v1/nodes", f"node-{number}", status={"allocatable": {"pods": "4"}, "conditions": [
            {"type": "Ready", "status": "True"}], "addresses": [{"type": "InternalIP", "address": f"10.0.0.{number}"}]})  # fmt: skip
    cluster.put("/apis/apps/v1/deployments", "trace-api", "trace", spec={"replicas": 3}, status={"readyReplicas": 3})
    cluster.put("/api/v1/resourcequotas", "quota", "trace", status={"hard": {"limits.memory": "4Gi"},
                "used": {"limits.memory": "1Gi"}})  # fmt: skip
    (tmp_path / "token").write_text("right")
    with serving(cluster.handler()) as url:
        tree = {"url": url, "token": f"file:{tmp_path}/token", "registered": ["node-?"], "interval_s": 0.1}
        poller = make_kubernetes(REPORTER, tree, tmp_path)
        assert isinstance(poller, KubernetesPoller)
        task = asyncio.create_task(poller.run(sink))
        await sink.until(6)
        documents = [item.document for item in sink.parsed()]
        assert not [each for each in documents if each.get("event.dataset") == "cloud.finding"]
        nodes = [each for each in documents if each.get("yaodun.inventory.kind") == "machine"]
        assert {each["cloud.instance.name"] for each in nodes} == {f"node-{n}" for n in range(5)}
        async with asyncio.timeout(10):
            while len(cluster.watches) < 10:
                await asyncio.sleep(0.02)
        cluster.put("/api/v1/nodes", "intruder", status={"allocatable": {"pods": "10"}})
        cluster.put("/apis/apps/v1/deployments", "trace-api", "trace", "MODIFIED", spec={"replicas": 3},
                    status={"readyReplicas": 1})  # fmt: skip
        cluster.put("/api/v1/resourcequotas", "quota", "trace", "MODIFIED", status={"hard": {"limits.memory": "4Gi"},
                    "used": {"limits.memory": "3.9Gi"}})  # fmt: skip
        cluster.put("/api/v1/events", "e1", "trace", reason="BackOff", type="Warning", message="restarting",
                    involvedObject={"kind": "Pod", "name": "p", "namespace": "trace"})  # fmt: skip
        documents = await seen(sink, "capacity-low")
        documents = await seen(sink, "BackOff")
        assert named(documents, "machine-unregistered") == ["intruder"]
        assert named(documents, "replica-missing") == ["trace/trace-api"]
        assert named(documents, "capacity-low") == ["quota/trace/limits.memory"]
        cluster.watches["/api/v1/nodes"][-1].put({"type": "ERROR", "object": {"kind": "Status", "code": 410}})
        cluster.put("/api/v1/nodes", "intruder", kind="DELETED")
        documents = await seen(sink, "machine-unregistered-over")
        assert cluster.lists["/api/v1/nodes"] > 3, "forgotten versions are listed anew, in pages"
        conforming(documents)
        cluster.end()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await poller._client.aclose()


async def test_a_cluster_that_refuses_is_said(tmp_path: Path) -> None:
    with serving(Cluster().handler()) as url:
        poller = make_kubernetes(REPORTER, {"url": url}, tmp_path)
        assert isinstance(poller, KubernetesPoller)
        with pytest.raises(ExceptionGroup) as caught:
            await poller.run(KeepingSink())
        assert any(isinstance(each, CloudError) and each.status == 401 for each in caught.value.exceptions)
        await poller._client.aclose()


class Stack:
    """Keystone with a catalogue, nova, neutron, cinder and glance on one port."""

    def __init__(self) -> None:
        self.tokens = 0
        self.lists: dict[str, list[dict[str, Any]]] = {
            "servers": [machine("m1", "web-1", "t1", "host-a"), machine("m2", "db-1", "t2", "host-a")],
            "hypervisors": [{"id": 1, "hypervisor_hostname": "host-a", "host_ip": "10.0.0.1", "state": "up",
                             "memory_mb": 1000, "memory_mb_used": 500, "local_gb": 100, "local_gb_used": 10}],
            "networks": [{"id": "n1", "name": "net-1", "tenant_id": "t1"}, {"id": "n2", "name": "net-2", "tenant_id": "t2"}],
            "ports": [port("m1", "n1"), port("m2", "n2")], "routers": [], "projects": [{"id": "t1", "name": "trace"}],
            "images": [{"id": "i1", "name": "debian", "visibility": "public", "owner": "t1"}],
            "volumes": [{"id": "v1", "name": "data", "os-vol-tenant-attr:tenant_id": "t1", "size": 10}],
            "snapshots": [{"id": "s1", "name": "nightly", "volume_id": "v1", "project_id": "t1"}],
        }  # fmt: skip

    def handler(self) -> type[BaseHTTPRequestHandler]:
        stack = self

        class Handler(Quiet):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                user = body["auth"]["identity"]["password"]["user"]
                if (user["name"], user["password"]) != ("watcher", "right"):
                    self.answer({"error": {"code": 401}}, 401)
                    return
                stack.tokens += 1
                base = f"http://{self.headers['host']}"
                kinds = {"compute": "nova/v2.1", "network": "neutron", "image": "glance", "volumev3": "cinder/v3/p"}
                catalog = [{"type": kind, "endpoints": [{"interface": "public", "region_id": "R", "url": f"{base}/{path}"}]}
                           for kind, path in kinds.items()]  # fmt: skip
                self.answer({"token": {"catalog": catalog}}, 201, x_subject_token=f"token-{stack.tokens}")

            def do_GET(self) -> None:
                if self.headers.get("x-auth-token") != f"token-{stack.tokens}":
                    self.answer({}, 401)
                    return
                parts = urlsplit(self.path)
                query = parse_qs(parts.query)
                name = parts.path.removesuffix("/detail").rpartition("/")[2].replace("os-", "")
                items = stack.lists[name]
                if name != "servers":
                    self.answer({name: items})
                    return
                assert query.get("all_tenants") == ["1"] or "marker" in query
                start = int(query.get("marker", ["0"])[0])
                href = f"http://{self.headers['host']}{parts.path}?all_tenants=1&marker={start + 1}"
                more = {"servers_links": [{"rel": "next", "href": href}]} if start + 1 < len(items) else {}
                self.answer({name: items[start : start + 1], **more})

        return Handler


def machine(identity: str, name: str, tenant: str, host: str) -> dict[str, Any]:
    return {"id": identity, "name": name, "tenant_id": tenant, "status": "ACTIVE", "OS-EXT-SRV-ATTR:host": host}


def port(device: str, network: str, owner: str = "compute:nova") -> dict[str, Any]:
    return {"id": f"{device}-{network}", "device_id": device, "network_id": network, "device_owner": owner,
            "fixed_ips": [{"ip_address": "192.0.2.5"}]}  # fmt: skip


async def test_an_openstack_cloud_is_read_and_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YAODUN_TEST_STACK", "right")
    stack = Stack()
    with serving(stack.handler()) as url:
        tree = {
            "url": f"{url}/v3",
            "user": "watcher",
            "password": "env:YAODUN_TEST_STACK",
            "registered": ["web-*", "db-*"],
        }
        poller: Any = make_openstack(REPORTER, tree, tmp_path)
        first = await poller.look()
        kinds = {each["yaodun.inventory.kind"] for each in first if "yaodun.inventory.kind" in each}
        assert kinds == {"tenant", "machine", "host", "image", "volume", "snapshot", "network"}
        assert not [each for each in first if each.get("event.dataset") == "cloud.finding"]
        [web] = [each for each in first if each.get("cloud.instance.id") == "m1"]
        assert web["related.ip"] == ["192.0.2.5"]
        assert {each["event.kind"] for each in await poller.look()} == {"metric"}
        stack.tokens += 1
        stack.lists["servers"] += [machine("m3", "miner", "t2", "host-a")]
        stack.lists["servers"][0] = machine("m1", "web-1", "t1", "host-b")
        stack.lists["snapshots"].append({"id": "s2", "name": "stolen", "volume_id": "v1", "project_id": "t2"})
        stack.lists["images"].append({"id": "i2", "name": "web-1-snap", "visibility": "shared", "owner": "t1",
                                      "image_type": "snapshot", "instance_uuid": "m1"})  # fmt: skip
        stack.lists["routers"].append({"id": "r1", "name": "bridge", "tenant_id": "t1"})
        stack.lists["ports"] += [
            port("r1", "n1", "network:router_interface"),
            port("r1", "n2", "network:router_interface"),
        ]
        stack.lists["hypervisors"][0]["memory_mb_used"] = 950
        second = await poller.look()
        conforming([*first, *second])
        found = {each["event.action"]: each["cloud.instance.name"] for each in second if "event.action" in each}
        assert found == {
            "machine-unregistered": "miner", "machine-moved": "web-1", "snapshot-copied-out": "stolen",
            "snapshot-shared": "web-1-snap", "cross-tenant-path": "bridge", "capacity-low": "host-a/memory",
        }  # fmt: skip
        assert [each for each in await poller.look() if "event.action" in each] == []
        await poller._client.aclose()
        monkeypatch.setenv("YAODUN_TEST_STACK", "wrong")
        locked: Any = make_openstack(REPORTER, tree, tmp_path)
        with pytest.raises(CloudError, match="401"):
            await locked.look()
        await locked._client.aclose()


async def test_libvirt_by_its_test_driver(tmp_path: Path) -> None:
    if shutil.which("virsh") is None:
        pytest.skip("virsh is not installed: apt-get install libvirt-clients libvirt-daemon")
    poller: Any = make_libvirt(REPORTER, {"uri": "test:///default", "registered": ["other-*"]}, tmp_path)
    first = await poller.look()
    [found] = [each for each in first if each.get("yaodun.inventory.kind") == "machine"]
    assert (found["cloud.instance.name"], found["yaodun.inventory.item"]["state"]) == ("test", "running")
    assert named(first, "machine-unregistered") == ["test"]
    metrics = [each for each in first if each["event.kind"] == "metric"]
    assert [each["yaodun.metric.instance"] for each in metrics] == ["pool/default-pool"]
    conforming(first)
    poller._states = {"test": "shut off", "gone": "running"}
    changed = [each["event.reason"] for each in await poller.look() if each.get("event.action") == "machine-state"]
    assert changed == ["running -> absent", "shut off -> running"]
    broken: Any = make_libvirt(REPORTER, {"uri": "nonsense:///x"}, tmp_path)
    with pytest.raises(OSError):
        await broken.look()
