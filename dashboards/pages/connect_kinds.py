"""Kinds of sources the guide knows: what to set here, what to set on the device, and how its first event looks."""

from __future__ import annotations

from dataclasses import dataclass

from infra.store.query.tree import And, Exists, Filter, Prefix, Term

STREAMS = ("logs", "metrics", "inventory", "flows", "business")


@dataclass(frozen=True, slots=True)
class Kind:
    """``door`` is the kind of listener it comes in by, '' where an agent asks for it; ``fields`` are asked for (those
    in ``secrets`` are kept apart), ``lists`` hold one item a line; ``token`` says that it shows one of its own."""

    id: str
    door: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    secrets: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    token: bool = False

    @property
    def polled(self) -> bool:
        """Does an agent ask for it?"""
        return not self.door and bool(self.fields)

    def first(self, source: str) -> Filter:
        """What tells an event of it."""
        return FIRST[self.id] if not source else And((FIRST[self.id], Term("yaodun.source", source)))


KINDS = {
    each.id: each
    for each in (
        Kind("host", "agents"),
        Kind("snmp", fields=(("hosts", ""), ("community", "")), secrets=("community",), lists=("hosts",)),
        Kind("syslog", "syslog-udp"),
        Kind("flows", "flows-udp"),
        Kind("push", "http", token=True),
        Kind("mqtt", fields=(("host", ""), ("port", "1883"), ("topics", "yaodun/#"), ("user", ""), ("password", "")),
             secrets=("password",), lists=("topics",)),
        Kind("modbus", fields=(("host", ""), ("unit", "1"), ("device", ""), ("address", "0"), ("scale", "0.1"))),
        Kind("probe", fields=(("address", "https://"), ("label", ""))),
        Kind("kubernetes", fields=(("url", "https://"), ("token", ""), ("ca", "")), secrets=("token",)),
        Kind("openstack", fields=(("url", "https://"), ("user", ""), ("password", "")), secrets=("password",)),
        Kind("libvirt", fields=(("uri", "qemu:///system"),)),
    )
}  # fmt: skip
FIRST: dict[str, Filter] = {
    "host": Term("yaodun.inventory.kind", "host"),
    "snmp": Term("event.module", "snmp"),
    "syslog": Prefix("yaodun.source", "syslog:"),
    "flows": Prefix("yaodun.source", "flows/"),
    "push": Exists("yaodun.sensor.id"),
    "mqtt": Exists("yaodun.sensor.id"),
    "modbus": Exists("yaodun.sensor.id"),
    "probe": Term("event.module", "probe"),
    "kubernetes": Term("event.module", "kubernetes"),
    "openstack": Term("event.module", "openstack"),
    "libvirt": Term("event.module", "libvirt"),
}
SETTINGS = {
    "agents": 'agents_listen = "0.0.0.0:8602"', "syslog-udp": 'syslog_udp_listen = "0.0.0.0:5514"',
    "flows-udp": 'flows_listen = "0.0.0.0:2055"', "http": 'http_listen = "0.0.0.0:8601"',
}  # fmt: skip


def lines_of(kind: str, host: str, port: str, token: str, scheme: str) -> list[tuple[str, str]]:
    """What to write on the device, and what sends a first event: (which, lines)."""
    made = {
        "syslog": [
            ("rsyslog", f'*.* action(type="omfwd" target="{host}" port="{port}" protocol="udp")'),
            ("huawei", f"info-center enable\ninfo-center loghost {host} port {port} transport udp"),
            ("h3c", f"info-center enable\ninfo-center loghost {host} port {port}"),
            ("cisco", f"logging host {host} transport udp port {port}\nlogging trap informational"),
            ("test", f"logger -n {host} -P {port} -d 'first line from this host'"),
        ],
        "flows": [
            ("huawei", f"ip netstream export version 9\nip netstream export host {host} {port}"),
            ("cisco", f"flow exporter YAODUN\n destination {host}\n transport udp {port}\n template data timeout 60"),
            ("test", f"softflowd -i eth0 -v 9 -n {host}:{port}"),
        ],
        "snmp": [
            ("huawei", "snmp-agent\nsnmp-agent sys-info version v2c\nsnmp-agent community read cipher COMMUNITY"),
            ("cisco", "snmp-server community COMMUNITY RO"),
            ("netsnmp", "rocommunity COMMUNITY"),
        ],
        "push": [
            ("http", (f"POST {scheme}://{host}:{port}/sensing/yaodun/DEVICE/readings\nAuthorization: Bearer {token}\n\n"
                     '{"device": "DEVICE", "sequence": 1, "readings": {"temperature": 5.2, "door": 0}}')),
            ("test", (f"curl -H 'Authorization: Bearer {token}' {scheme}://{host}:{port}/sensing/yaodun/DEVICE/readings"
                     """ -d '{"device": "DEVICE", "readings": {"temperature": 5.2}}'""")),
        ],
        "mqtt": [
            ("device", 'topic yaodun/DEVICE/readings\n{"device": "DEVICE", "readings": {"temperature": 5.2}}'),
            ("test", ("mosquitto_pub -h BROKER -q 1 -t yaodun/DEVICE/readings"
                     """ -m '{"device": "DEVICE", "readings": {"temperature": 5.2}}'""")),
        ],
        "kubernetes": [
            ("kubectl", ("kubectl create serviceaccount yaodun -n kube-system\n"
                        "kubectl create clusterrolebinding yaodun --clusterrole=view"
                        " --serviceaccount=kube-system:yaodun\nkubectl create token yaodun -n kube-system"
                        " --duration=8760h")),
        ],
        "openstack": [("openstack", ("openstack user create --password-prompt yaodun\n"
                                    "openstack role add --user yaodun --project admin reader"))],
    }  # fmt: skip
    return made.get(kind, [])
