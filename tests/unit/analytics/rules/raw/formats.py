"""Which formats a record for a variant may be written in, by the events its route means."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from tests.unit.analytics.rules.raw import devices, documents, linux, web, windows
from tests.unit.analytics.rules.raw.wanted import Raw, Wanted

Writer = Callable[[Wanted], Raw]

_BY_MODULE = {
    "aws": ["aws.cloudtrail"],
    "azure": ["azure.activitylogs", "azure.loganalytics", "azure.auditlogs", "azure.signinlogs", "azure.riskdetection"],
    "gcp": ["gcp.audit"],
    "m365": ["m365.audit"],
    "okta": ["okta.system"],
    "onelogin": ["onelogin"],
    "github": ["github.audit"],
    "bitbucket": ["bitbucket.audit"],
    "opencanary": ["opencanary"],
    "duo": ["duo"],
    "cisco_duo": ["duo"],
}
_BY_DATASET = {
    "azure.activitylogs": ["azure.activitylogs"],
    "azure.auditlogs": ["azure.activitylogs", "azure.auditlogs"],
    "azure.signinlogs": ["azure.activitylogs", "azure.signinlogs"],
    "azure.riskdetection": ["azure.riskdetection"],
    "azure.identity_protection": ["azure.riskdetection"],
    "azure.pim": ["azure.riskdetection"],
}


_LOG_ANALYTICS = {
    "azure.activitylogs": ("AzureActivity", "AzureActivity"),
    "azure.auditlogs": ("AuditLogs", "AuditLogs"),
    "azure.signinlogs": ("SigninLogs", "SignInLogs"),
}
"""Per data set the table of a workspace and the category of diagnostic records."""
_DEVICES: dict[str, Writer] = {
    "cisco": devices.cisco_line,
    "huawei": devices.huawei_line,
    "juniper": devices.juniper_line,
    "fortinet": devices.fortigate_line,
    "fortigate": devices.fortigate_line,
    "fortios": devices.fortigate_line,
    "paloalto": devices.globalprotect_line,
}


def writers(wanted: Wanted) -> Iterator[Writer]:
    """Writers worth a try, the likeliest first."""
    route = wanted.route
    channel = route.get("winlog.channel")
    if channel == "Linux-Sysmon/Operational":
        yield windows.sysmon_linux
    elif channel or route.get("winlog.provider_name"):
        yield windows.rendered_xml
        yield windows.winlogbeat
    elif route.get("host.os.type") == "macos":
        yield documents.eslogger_exec if route.get("event.category") == "process" else documents.eslogger_create
    elif route.get("host.os.type") == "windows":
        yield documents.ecs_event
    else:
        yield from _of_hosts(route)
        yield from _of_network(route)
        yield from _of_services(route)


Route = dict[str, str | None]


def _of_hosts(route: Route) -> Iterator[Writer]:
    if route.get("auditd.message_type"):
        yield linux.audit_records
    if route.get("event.category") == "database":
        yield linux.postgresql_line
    if route.get("log.syslog.appname") == "sudo":
        yield linux.sudo_line
    if any(route.get(f"log.syslog.{name}") for name in ("appname", "priority", "facility.code")):
        yield linux.program_line


def _of_network(route: Route) -> Iterator[Writer]:
    if route.get("zeek.log"):
        yield partial(documents.document, "zeek")
    elif route.get("suricata.eve.event_type"):
        yield partial(documents.document, "suricata.eve")
    elif route.get("observer.type") == "proxy":
        yield web.squid_line
    elif route.get("event.category") == "web":
        yield web.access_line
        yield web.nginx_document
    elif route.get("dns.question.name"):
        yield web.dnsmasq_line
        yield partial(documents.document, "zeek", _path="dns")
    elif route.get("event.dataset") == "netfilter.log":
        yield web.netfilter_line


def _of_services(route: Route) -> Iterator[Writer]:
    module, dataset = str(route.get("event.module")), str(route.get("event.dataset"))
    if route.get("kubernetes.audit.verb"):
        yield partial(documents.document, "kubernetes.audit")
    if named := _LOG_ANALYTICS.get(dataset):
        yield partial(documents.document, "azure.activitylogs", category=named[1])
        yield partial(documents.document, "azure.loganalytics", Type=named[0])
    if device := _DEVICES.get(module):
        yield device
    for name in _BY_DATASET.get(dataset, _BY_MODULE.get(module, [])):
        yield partial(documents.document, name)
