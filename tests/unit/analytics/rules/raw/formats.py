"""Which formats a record for a variant may be written in, by the events its route means."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from tests.unit.analytics.rules.raw import documents, linux, web, windows
from tests.unit.analytics.rules.raw.wanted import Raw, Wanted

Writer = Callable[[Wanted], Raw]

_BY_MODULE = {
    "aws": ["aws.cloudtrail"],
    "azure": ["azure.activitylogs", "azure.auditlogs", "azure.signinlogs", "azure.riskdetection"],
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
    "azure.auditlogs": ["azure.auditlogs", "azure.activitylogs"],
    "azure.signinlogs": ["azure.signinlogs", "azure.activitylogs"],
    "azure.riskdetection": ["azure.riskdetection"],
    "azure.identity_protection": ["azure.riskdetection"],
    "azure.pim": ["azure.riskdetection"],
}


def writers(wanted: Wanted) -> Iterator[Writer]:
    """Writers worth a try, the likeliest first."""
    route = wanted.route
    if route.get("winlog.channel") == "Linux-Sysmon/Operational":
        yield windows.sysmon_linux
    elif route.get("winlog.channel") or route.get("winlog.provider_name"):
        yield windows.rendered_xml
        yield windows.winlogbeat
    elif route.get("auditd.message_type"):
        yield linux.audit_records
    elif route.get("kubernetes.audit.verb"):
        yield partial(documents.document, "kubernetes.audit")
    elif route.get("zeek.log"):
        yield partial(documents.document, "zeek")
    elif route.get("suricata.eve.event_type"):
        yield partial(documents.document, "suricata.eve")
    elif route.get("observer.type") == "proxy":
        yield web.squid_line
    elif route.get("event.category") == "web":
        yield web.access_line
    elif route.get("dns.question.name"):
        yield web.dnsmasq_line
    elif route.get("event.dataset") == "netfilter.log":
        yield web.netfilter_line
    else:
        for name in _BY_DATASET.get(str(route.get("event.dataset")), _BY_MODULE.get(str(route.get("event.module")), [])):
            yield partial(documents.document, name)
        if route.get("log.syslog.appname") or route.get("log.syslog.priority"):
            yield linux.program_line
