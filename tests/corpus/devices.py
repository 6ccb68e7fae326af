"""Records of network and security devices, and of clouds and sensors in JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.corpus.values import Values, Written


def _line(parser: str, message: str, fields: dict[str, Any]) -> Written:
    return Written(f"syslog/{parser}", f"<134>Nov 24 23:20:10 gw {message}", {**fields, "host.name": "gw"}, "syslog")


def cisco(v: Values) -> Iterator[Written]:
    """Cisco ASA and IOS system messages."""
    src, dst, sport, dport = v.ip4(), v.ip4(), v.port(), v.port()
    ends = {
        "source.ip": src,
        "source.port": sport,
        "destination.ip": dst,
        "destination.port": dport,
        "event.module": "cisco",
    }
    built = (
        f"%ASA-6-302013: Built inbound TCP connection 99 for outside:{src}/{sport} ({src}/{sport})"
        f" to inside:{dst}/{dport} ({dst}/{dport})"
    )
    yield _line("cisco", built, {**ends, "network.transport": "tcp", "event.code": "302013", "event.severity": 6})
    deny = f'%ASA-4-106023: Deny udp src outside:{src}/{sport} dst inside:{dst}/{dport} by access-group "acl_out" [0x0]'
    yield _line("cisco", deny, {**ends, "network.transport": "udp", "rule.name": "acl_out", "event.outcome": "failure"})
    torn = (
        f"%ASA-6-302014: Teardown TCP connection 99 for outside:{src}/{sport} to inside:{dst}/{dport}"
        " duration 0:01:02 bytes 1234 TCP FINs"
    )
    yield _line("cisco", torn, {**ends, "network.bytes": 1234, "event.reason": "TCP FINs"})


def huawei(v: Values) -> Iterator[Written]:
    """Huawei VRP and H3C Comware."""
    ip = v.ip4()
    yield _line(
        "huawei_h3c",
        f"%%10SHELL/5/SHELL_LOGIN: wang logged in from {ip}.",
        {"user.name": "wang", "source.ip": ip, "event.code": "SHELL_LOGIN", "event.outcome": "success"},
    )
    yield _line(
        "huawei_h3c",
        "%%10IFNET/3/LINK_UPDOWN: GigabitEthernet1/0/1 link status is DOWN.",
        {"event.provider": "IFNET", "event.severity": 3, "event.code": "LINK_UPDOWN"},
    )


def fortigate(v: Values) -> Iterator[Written]:
    """Fortinet FortiOS."""
    src, dst, sport, dport, sent = v.ip4(), v.ip4(), v.port(), v.port(), v.number()
    message = (
        f'date=2026-11-24 time=23:20:10 devname="FG1" devid="FGT60D4615007833" logid="0000000013" type="traffic"'
        f' subtype="forward" level="notice" srcip={src} srcport={sport} srcintf="lan" dstip={dst} dstport={dport}'
        f' dstintf="wan1" policyid=12 proto=6 action="deny" sentbyte={sent} rcvdbyte=0'
    )
    fields = {
        "source.ip": src,
        "source.port": sport,
        "destination.ip": dst,
        "destination.port": dport,
        "network.transport": "tcp",
        "event.action": "deny",
        "rule.id": "12",
        "source.bytes": sent,
        "observer.name": "FG1",
        "observer.vendor": "Fortinet",
        "log.level": "notice",
    }
    yield Written("syslog/key_values", f"<189>{message}", fields, "syslog")


def cef(v: Values) -> Iterator[Written]:
    """ArcSight CEF, with its escapes; QRadar LEEF 1.0 and 2.0."""
    src, dst, port = v.ip4(), v.ip4(), v.port()
    ends = {"source.ip": src, "destination.ip": dst, "destination.port": port}
    text = (
        f"CEF:0|Acme\\|Co|WAF|1.2|100|SQL \\| injection|8|src={src} dst={dst} dpt={port} act=blocked"
        " request=http://h.example/a?b\\=c msg=it is so\\nand so suser=wang wei cs1Label=Rule Name cs1=r 1"
    )
    fields = {
        **ends,
        "observer.vendor": "Acme|Co",
        "observer.product": "WAF",
        "event.code": "100",
        "event.severity": 8,
        "url.original": "http://h.example/a?b=c",
        "message": "it is so\nand so",
        "source.user.name": "wang wei",
        "cef.Rule_Name": "r 1",
    }
    yield _line("cef", text, fields)
    yield _line(
        "leef",
        f"LEEF:1.0|Acme|WAF|1.2|login|src={src}\tdst={dst}\tdstPort={port}\tusrName=wang\tsev=5",
        {
            **ends,
            "user.name": "wang",
            "event.severity": 5,
            "observer.vendor": "Acme",
        },
    )
    yield _line(
        "leef",
        f"LEEF:2.0|Acme|WAF|1.2|login|^|src={src}^dst={dst}^dstPort={port}^usrName=wang",
        {
            **ends,
            "user.name": "wang",
        },
    )


def _json(parser: str, tree: dict[str, Any], fields: dict[str, Any]) -> Written:
    return Written(parser, json.dumps(tree, ensure_ascii=False), fields, "ndjson")


def sensors(v: Values) -> Iterator[Written]:
    """Zeek's JSON logs and Suricata's EVE."""
    moment, src, dst, sport, dport = v.moment(), v.ip(), v.ip(), v.port(), v.port()
    ends = {"source.ip": src, "source.port": sport, "destination.ip": dst, "destination.port": dport}
    id_ = {"id.orig_h": src, "id.orig_p": sport, "id.resp_h": dst, "id.resp_p": dport}
    conn = {
        "ts": moment.timestamp(),
        "uid": "C1",
        **id_,
        "proto": "tcp",
        "conn_state": "SF",
        "orig_bytes": 7,
        "service": "ssl",
    }
    yield _json(
        "zeek", conn, {**ends, "@timestamp": moment, "zeek.log": "conn", "network.transport": "tcp", "source.bytes": 7}
    )
    query = {
        "ts": moment.timestamp(),
        "uid": "C1",
        **id_,
        "query": v.domain(),
        "qtype_name": "A",
        "rcode_name": "NXDOMAIN",
        "answers": ["192.0.2.1"],
    }
    yield _json(
        "zeek", query, {**ends, "dns.question.name": query["query"], "dns.response_code": "NXDOMAIN", "zeek.log": "dns"}
    )
    eve = {
        "timestamp": moment.isoformat(),
        "event_type": "alert",
        "src_ip": src,
        "src_port": sport,
        "dest_ip": dst,
        "dest_port": dport,
        "proto": "TCP",
        "alert": {
            "signature_id": 2_001,
            "signature": "ET SCAN x",
            "severity": 2,
            "action": "allowed",
            "category": "Scan",
        },
    }
    fields = {
        "rule.id": "2001",
        "rule.name": "ET SCAN x",
        "event.severity": 2,
        "event.kind": "alert",
        "network.transport": "tcp",
    }
    yield _json("suricata.eve", eve, {**ends, "@timestamp": moment, **fields})


def clouds(v: Values) -> Iterator[Written]:
    """Audit trails in their published schemas."""
    moment, ip, user = v.moment(), v.ip(), v.one("wang@example.com", "eve")
    stamp = moment.isoformat().replace("+00:00", "Z")
    base = {"@timestamp": moment, "source.ip": ip}
    yield _json(
        "aws.cloudtrail",
        {
            "eventVersion": "1.08",
            "eventTime": stamp,
            "eventSource": "iam.amazonaws.com",
            "eventName": "CreateUser",
            "awsRegion": "cn-north-1",
            "sourceIPAddress": ip,
            "userAgent": "aws-cli",
            "errorCode": "AccessDenied",
            "userIdentity": {"type": "IAMUser", "userName": user, "accountId": "1"},
            "requestParameters": {"userName": "new"},
        },
        {
            **base,
            "event.action": "CreateUser",
            "user.name": user,
            "event.outcome": "failure",
            "cloud.region": "cn-north-1",
            "user.target.name": "new",
        },
    )
    yield _json(
        "gcp.audit",
        {
            "logName": "projects/p/logs/cloudaudit.googleapis.com%2Factivity",
            "timestamp": stamp,
            "severity": "NOTICE",
            "protoPayload": {
                "methodName": "SetIamPolicy",
                "serviceName": "iam.googleapis.com",
                "status": {"code": 7, "message": "no"},
                "authenticationInfo": {"principalEmail": user},
                "requestMetadata": {"callerIp": ip},
            },
        },
        {**base, "event.action": "SetIamPolicy", "user.name": user, "event.outcome": "failure", "event.reason": "no"},
    )
    yield _json(
        "azure.signinlogs",
        {
            "createdDateTime": stamp,
            "userPrincipalName": user,
            "appDisplayName": "Portal",
            "ipAddress": ip,
            "status": {"errorCode": 50126, "failureReason": "bad password"},
            "location": {"countryOrRegion": "CN"},
        },
        {
            **base,
            "user.name": user,
            "event.outcome": "failure",
            "event.reason": "bad password",
            "source.geo.country_iso_code": "CN",
        },
    )
    yield _json(
        "azure.activitylogs",
        {
            "time": stamp,
            "resourceId": "/SUBSCRIPTIONS/1",
            "operationName": "MICROSOFT.COMPUTE/VIRTUALMACHINES/DELETE",
            "category": "Administrative",
            "resultType": "Success",
            "callerIpAddress": ip,
            "caller": user,
        },
        {
            **base,
            "event.action": "MICROSOFT.COMPUTE/VIRTUALMACHINES/DELETE",
            "event.outcome": "success",
            "user.name": user,
        },
    )
    yield _json(
        "m365.audit",
        {
            "CreationTime": stamp.rstrip("Z"),
            "Operation": "New-InboxRule",
            "Workload": "Exchange",
            "UserId": user,
            "ResultStatus": "Succeeded",
            "ClientIP": ip,
            "Parameters": [{"Name": "ForwardTo", "Value": "x"}],
        },
        {
            **base,
            "event.action": "New-InboxRule",
            "event.outcome": "success",
            "user.name": user,
            "event.provider": "Exchange",
        },
    )
    yield _json(
        "okta.system",
        {
            "published": stamp,
            "eventType": "user.session.start",
            "outcome": {"result": "FAILURE", "reason": "LOCKED"},
            "actor": {"alternateId": user, "displayName": "W", "id": "1"},
            "client": {"ipAddress": ip},
        },
        {
            **base,
            "event.action": "user.session.start",
            "event.outcome": "failure",
            "event.reason": "LOCKED",
            "user.name": user,
        },
    )
    yield _json(
        "github.audit",
        {
            "action": "repo.destroy",
            "actor": user,
            "created_at": int(moment.timestamp() * 1000),
            "org": "o",
            "actor_ip": ip,
        },
        {**base, "event.action": "repo.destroy", "user.name": user, "cloud.account.id": "o"},
    )
    yield _json(
        "kubernetes.audit",
        {
            "kind": "Event",
            "auditID": "1",
            "stage": "ResponseComplete",
            "verb": "create",
            "user": {"username": user},
            "sourceIPs": [ip],
            "objectRef": {"resource": "pods", "subresource": "exec", "namespace": "shop", "name": "p"},
            "responseStatus": {"code": 201},
            "stageTimestamp": stamp,
        },
        {
            **base,
            "kubernetes.audit.verb": "create",
            "kubernetes.audit.objectRef.subresource": "exec",
            "user.name": user,
            "http.response.status_code": 201,
        },
    )
    yield _json(
        "macos.unified",
        {
            "timestamp": f"{moment:%Y-%m-%d %H:%M:%S}.000000+0000",
            "eventMessage": "it is so",
            "processImagePath": "/usr/sbin/sshd",
            "processID": 4711,
            "messageType": "Default",
            "subsystem": "com.apple.x",
        },
        {
            "@timestamp": moment,
            "message": "it is so",
            "process.executable": "/usr/sbin/sshd",
            "process.name": "sshd",
            "process.pid": 4711,
        },
    )


def juniper(v: Values) -> Iterator[Written]:
    """Junos' session log."""
    src, dst, sport, dport = v.ip4(), v.ip4(), v.port(), v.port()
    ends = {"source.ip": src, "source.port": sport, "destination.ip": dst, "destination.port": dport}
    flow = f"{src}/{sport}->{dst}/{dport}"
    message = f"RT_FLOW: RT_FLOW_SESSION_DENY: session denied {flow} 0x0 junos-ssh 6(0) deny-all trust untrust"
    fields = {**ends, "rule.name": "deny-all", "event.action": "session-denied", "network.iana_number": "6"}
    yield _line("juniper", message, fields)


def chinese(v: Values) -> Iterator[Written]:
    """Sangfor NGAF and devices that write the same way, in Chinese and in English."""
    src, dst, sport, dport = v.ip4(), v.ip4(), v.port(), v.port()
    ends = {"source.ip": src, "source.port": sport, "destination.ip": dst, "destination.port": dport}
    text = (
        f"fwlog: 日志类型:服务控制或应用控制, 用户:(null), 源IP:{src}, 源端口:{sport}, 目的IP:{dst}, 目的端口:{dport},"
        " 应用类型:Other, 应用名称:HTTP, 系统动作:拒绝"
    )
    fields = {**ends, "rule.category": "服务控制或应用控制", "event.action": "拒绝", "network.application": "HTTP"}
    yield _line("colon_pairs", text, fields)
    text = (
        f"fwlog: type: web attack, user: wang, Src IP: {src}, Src port: {sport}, Dst IP: {dst}, Dst port: {dport},"
        " action: Deny"
    )
    yield _line(
        "colon_pairs", text, {**ends, "rule.category": "web attack", "event.action": "Deny", "user.name": "wang"}
    )


def paloalto(v: Values) -> Iterator[Written]:
    """PAN-OS traffic and threat logs by their published order of fields."""
    src, dst, sport, dport, sent, back = v.ip4(), v.ip4(), v.port(), v.port(), v.number(), v.number()
    moment = v.moment()
    stamp = f"{moment:%Y/%m/%d %H:%M:%S}"
    ends = {"source.ip": src, "source.port": sport, "destination.ip": dst, "destination.port": dport}
    zones = "deny-all,corp-wang,,ssl,vsys1,trust,untrust"
    head = f"1,{stamp},001606001116,%s,%s,1,{stamp},{src},{dst},0.0.0.0,0.0.0.0,{zones}"
    middle = f"ethernet1/1,ethernet1/2,fwd,{stamp},33,1,{sport},{dport},0,0,0x0,tcp"
    traffic = head % ("TRAFFIC", "end") + f",{middle},allow,{sent + back},{sent},{back},12,{stamp},5,any,0"
    base = {**ends, "rule.name": "deny-all", "network.transport": "tcp", "observer.serial_number": "001606001116"}
    fields = {**base, "source.bytes": sent, "destination.bytes": back, "event.outcome": "success", "@timestamp": moment}
    yield _line("paloalto", traffic, fields)
    threat = head % ("THREAT", "vulnerability") + f',{middle},reset-both,"x.example/a",SSH brute(40015),any,high,0'
    yield _line("paloalto", threat, {**base, "event.action": "reset-both", "log.level": "high", "event.kind": "alert"})


def applications(v: Values) -> Iterator[Written]:
    """JSON of identity services, honeypots, runtimes and web servers."""
    moment, ip, user = v.moment(), v.ip(), v.one("wang@example.com", "eve")
    stamp = moment.isoformat().replace("+00:00", "Z")
    base = {"@timestamp": moment, "source.ip": ip}
    yield _json(
        "azure.auditlogs",
        {
            "activityDateTime": stamp,
            "activityDisplayName": "Add member to role",
            "result": "success",
            "loggedByService": "Core Directory",
            "initiatedBy": {"user": {"userPrincipalName": user, "ipAddress": ip}},
            "targetResources": [{"userPrincipalName": "new@example.com", "type": "User"}],
        },
        {**base, "event.action": "Add member to role", "user.name": user, "user.target.name": "new@example.com"},
    )
    yield _json(
        "azure.riskdetection",
        {"riskEventType": "impossibleTravel", "detectedDateTime": stamp, "userPrincipalName": user, "ipAddress": ip},
        {**base, "event.action": "impossibleTravel", "user.name": user, "event.kind": "alert"},
    )
    yield _json(
        "bitbucket.audit",
        {
            "timestamp": stamp,
            "auditType": {"category": "Users", "action": "User created"},
            "author": {"name": user},
            "source": ip,
        },
        {**base, "event.action": "User created", "event.provider": "Users", "user.name": user},
    )
    yield _json(
        "opencanary",
        {
            "logtype": 4002,
            "node_id": "hp-1",
            "utc_time": stamp,
            "src_host": ip,
            "src_port": 1234,
            "dst_port": 22,
            "logdata": {"USERNAME": "root", "PASSWORD": "x"},
        },
        {**base, "event.code": "4002", "observer.name": "hp-1", "user.name": "root", "logtype": 4002},
    )
    yield _json(
        "falco",
        {
            "time": stamp,
            "rule": "Terminal shell in container",
            "priority": "Notice",
            "output": "a shell",
            "output_fields": {
                "proc.name": "bash",
                "proc.cmdline": "bash -i",
                "user.name": "root",
                "container.id": "c1",
            },
        },
        {"@timestamp": moment, "rule.name": "Terminal shell in container", "process.command_line": "bash -i"},
    )
    yield _json(
        "duo",
        {
            "event_type": "authentication",
            "factor": "duo_push",
            "txid": "1",
            "isotimestamp": moment.isoformat(),
            "result": "denied",
            "reason": "user_marked_fraud",
            "user": {"name": "eve"},
            "access_device": {"ip": ip},
        },
        {**base, "event.outcome": "failure", "event.reason": "user_marked_fraud", "user.name": "eve"},
    )
    yield _json(
        "onelogin",
        {"event_type_id": 13, "account_id": 1, "event_timestamp": stamp, "user_name": "eve", "ipaddr": ip},
        {**base, "event.code": "13", "user.name": "eve"},
    )
    yield _json(
        "web.json",
        {
            "time_iso8601": moment.isoformat(),
            "remote_addr": ip,
            "request": "GET /a?b=c HTTP/1.1",
            "request_uri": "/a?b=c",
            "request_method": "GET",
            "status": 404,
            "body_bytes_sent": 12,
        },
        {**base, "http.response.status_code": 404, "url.path": "/a", "url.query": "b=c", "http.request.method": "GET"},
    )


DEVICE_WRITERS = (cisco, huawei, juniper, paloalto, chinese, fortigate, cef, sensors, clouds, applications)
