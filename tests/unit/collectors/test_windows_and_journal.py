"""The same Windows event in every shape it is sent in; entries of the journal; syslog headers as devices write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from collectors.frames import FrameKind, pack_records
from collectors.parsers import Parsed, ShippedParsers
from collectors.parsers.raw_text import raw_of
from infra.events.frame import Frame
from infra.events.stream import Event

NOW = datetime(2026, 11, 25, 0, 0, 30, tzinfo=UTC)


def parse(kind: FrameKind, *records: bytes, received: datetime = NOW, peer: str = "", **meta: str) -> list[Event]:
    body = pack_records(records) if kind is FrameKind.SYSLOG else b"\n".join(records)
    frame = Frame("t", kind, len(records), round(received.timestamp() * 1e6) * 1000, body, peer=peer, meta=meta)
    answer = ShippedParsers().parse(frame)
    assert all(isinstance(each, Parsed) for each in answer)
    return [each.document for each in answer if isinstance(each, Parsed)]


DATA = {
    "UtcTime": "2026-11-24 23:20:10.123",
    "ProcessGuid": "{A-1}",
    "ProcessId": "4711",
    "Image": "C:\\Windows\\System32\\cmd.exe",
    "CommandLine": "cmd /c whoami",
    "User": "CORP\\wang",
    "Hashes": "MD5=88DF,SHA256=F881,IMPHASH=F34D",
    "ParentImage": "C:\\Windows\\explorer.exe",
    "OriginalFileName": "Cmd.Exe",
}
CHANNEL, PROVIDER, TIME = "Microsoft-Windows-Sysmon/Operational", "Microsoft-Windows-Sysmon", "2026-11-24T23:20:10.123Z"
XML = (
    "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>"
    f"<Provider Name='{PROVIDER}' Guid='x'/><EventID>1</EventID><TimeCreated SystemTime='{TIME}'/>"
    f"<EventRecordID>9</EventRecordID><Channel>{CHANNEL}</Channel><Computer>pc1</Computer></System><EventData>"
    + "".join(f"<Data Name='{key}'>{value}</Data>" for key, value in DATA.items())
    + "</EventData></Event>"
)
SHAPES: dict[str, Any] = {
    "evtx": {
        "Event": {
            "System": {
                "Provider": {"#attributes": {"Name": PROVIDER}},
                "EventID": {"#attributes": {"Qualifiers": 0}, "#text": 1},
                "TimeCreated": {"#attributes": {"SystemTime": TIME}},
                "Channel": CHANNEL,
                "Computer": "pc1",
            },
            "EventData": DATA,
        }
    },
    "winlogbeat 7": {
        "@timestamp": TIME,
        "winlog": {
            "channel": CHANNEL,
            "event_id": 1,
            "provider_name": PROVIDER,
            "computer_name": "pc1",
            "event_data": DATA,
        },
    },
    "winlogbeat 6": {
        "@timestamp": TIME,
        "event_id": 1,
        "log_name": CHANNEL,
        "source_name": PROVIDER,
        "computer_name": "pc1",
        "event_data": DATA,
    },
    "nxlog": {
        "@timestamp": TIME,
        "EventID": 1,
        "Channel": CHANNEL,
        "SourceName": PROVIDER,
        "Hostname": "pc1",
        "SourceModuleName": "in",
        **DATA,
    },
}


def check_sysmon(event: Event) -> None:
    assert event["winlog.channel"] == CHANNEL
    assert event["winlog.event_id"] == event["event.code"] == "1"
    assert event["winlog.provider_name"] == PROVIDER
    assert event["winlog.event_data"] == DATA
    assert event["process.executable"] == DATA["Image"]
    assert event["process.name"] == "cmd.exe"
    assert event["process.command_line"] == "cmd /c whoami"
    assert event["process.pid"] == 4711
    assert event["process.parent.name"] == "explorer.exe"
    assert event["process.hash.sha256"] == "f881"
    assert event["process.pe.original_file_name"] == "Cmd.Exe"
    assert (event["user.domain"], event["user.name"]) == ("CORP", "wang")
    assert event["host.name"] == "pc1"
    assert event["event.category"] == ["process"]
    assert event["@timestamp"] == datetime(2026, 11, 24, 23, 20, 10, 123_000, tzinfo=UTC)


@pytest.mark.parametrize("shape", SHAPES)
def test_one_sysmon_event_in_every_shape(shape: str) -> None:
    (event,) = parse(FrameKind.NDJSON, orjson.dumps(SHAPES[shape]))
    check_sysmon(event)


def test_the_same_event_as_xml_in_a_file_and_over_syslog() -> None:
    check_sysmon(parse(FrameKind.LINES, XML.encode())[0])
    header = b"<14>Nov 24 23:20:10 pc1 sysmon: "
    check_sysmon(parse(FrameKind.SYSLOG, header + XML.encode())[0])


def test_xml_with_entities_is_kept_as_text() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "b">]><Event><System>&a;</System></Event>'
    (event,) = parse(FrameKind.LINES, bomb.encode())
    assert event["message"] == bomb
    assert "winlog.channel" not in event


def test_a_failed_logon_of_the_security_log() -> None:
    data = {
        "TargetUserName": "wang",
        "TargetDomainName": "CORP",
        "IpAddress": "::ffff:192.0.2.9",
        "IpPort": "0",
        "LogonType": 3,
    }
    tree = {"EventID": 4625, "Channel": "Security", "SourceName": "Microsoft-Windows-Security-Auditing", **data}
    (event,) = parse(FrameKind.NDJSON, orjson.dumps(tree))
    assert event["user.name"] == "wang"
    assert event["source.ip"] == "192.0.2.9"
    assert event["winlog.logon.type"] == "3"
    assert event["event.outcome"] == "failure"
    assert event["event.category"] == ["authentication"]


def test_an_entry_of_the_journal() -> None:
    entry = {
        "__CURSOR": "s=1;i=2",
        "__REALTIME_TIMESTAMP": "1795565000123456",
        "_HOSTNAME": "web1",
        "_PID": "4711",
        "_COMM": "sshd",
        "SYSLOG_IDENTIFIER": "sshd",
        "PRIORITY": "6",
        "MESSAGE": list(b"Failed password for root from 192.0.2.1 port 22 ssh2"),
        "_SYSTEMD_UNIT": "ssh.service",
    }
    (event,) = parse(FrameKind.JOURNAL, orjson.dumps(entry))
    assert event["source.ip"] == "192.0.2.1"
    assert event["service.name"] == "ssh.service"
    assert event["process.pid"] == 4711
    assert event["log.syslog.severity.code"] == 6
    assert event["@timestamp"] == datetime.fromtimestamp(1_795_565_000.123456, UTC)
    assert event["yaodun.parser"] == "journal/sshd"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            '<13>1 2026-11-24T23:20:10.5+08:00 h app 7 ID [a x="1\\]"] hi',
            {"message": "hi", "host.name": "h", "process.pid": 7},
        ),
        ("<13>1 - - - - - -", {"message": "", "log.syslog.version": "1"}),
        ("<13>1 2026-11-24T23:20:10Z h app - - - \ufeffhé", {"message": "hé"}),
        ("\ufeff<13>Nov 24 23:20:10 h app: hi\r\n\0", {"message": "hi", "host.name": "h"}),
        ("Nov 24 23:20:10 h app: no priority", {"message": "no priority", "host.name": "h"}),
        ("<13>Nov 24 2026 23:20:10 h app[1]: year", {"message": "year", "process.pid": 1}),
        (
            "<189>29: *Nov 24 23:20:10.123: %SYS-5-CONFIG_I: Configured from console by wang on vty0",
            {"user.name": "wang"},
        ),
        ("<13>2026-11-24T23:20:10.123456+00:00 h app: rsyslog", {"message": "rsyslog", "host.name": "h"}),
        ("<13>app: no date", {"message": "no date", "process.name": "app", "host.name": "192.0.2.7"}),
        ("<999>Nov 24 23:20:10 h app: odd priority", {"message": "odd priority"}),
        ("<13>free text without anything", {"message": "free text without anything"}),
    ],
)
def test_headers_as_senders_write_them(line: str, expected: dict[str, Any]) -> None:
    (event,) = parse(FrameKind.SYSLOG, line.encode(), peer="192.0.2.7")
    assert {name: event.get(name) for name in expected} == expected
    assert raw_of(event) == line.encode()


def test_dates_without_a_year_around_new_year() -> None:
    received = datetime(2027, 1, 1, 0, 0, 5, tzinfo=UTC)
    (event,) = parse(FrameKind.SYSLOG, b"<13>Dec 31 23:59:58 h app: x", received=received)
    assert event["@timestamp"] == datetime(2026, 12, 31, 23, 59, 58, tzinfo=UTC)
    received = datetime(2026, 12, 31, 23, 59, 58, tzinfo=UTC)
    (event,) = parse(FrameKind.SYSLOG, b"<13>Jan  1 00:00:05 h app: x", received=received)
    assert event["@timestamp"] == datetime(2027, 1, 1, 0, 0, 5, tzinfo=UTC)
    (event,) = parse(FrameKind.LINES, b"<13>Feb 29 10:00:00 h app: x")
    assert event["@timestamp"] == datetime(2024, 2, 29, 10, tzinfo=UTC)


@pytest.mark.parametrize("hours", [8, 0, -5])
def test_a_live_sender_on_local_time_is_put_where_it_belongs(hours: int) -> None:
    local = NOW + timedelta(hours=hours)
    line = f"<13>{local:%b} {local.day:2d} {local:%H:%M:%S} h app: x".encode()
    (event,) = parse(FrameKind.SYSLOG, line)
    assert event["@timestamp"] == NOW


def test_a_stated_zone_goes_before_everything() -> None:
    (event,) = parse(FrameKind.LINES, b"<13>Nov 24 23:20:10 h app: x", zone="+08:00")
    assert event["@timestamp"] == datetime(2026, 11, 24, 15, 20, 10, tzinfo=UTC)


def test_chinese_in_gbk_is_readable_and_gives_its_bytes_back() -> None:
    raw = "<13>Nov 24 23:20:10 防火墙 策略: 用户张三登录失败，来源192.0.2.1".encode("gb18030")
    (event,) = parse(FrameKind.SYSLOG, raw)
    assert "用户张三登录失败" in event["message"]
    assert event["yaodun.raw.encoding"] == "gb18030"
    assert raw_of(event) == raw


def test_unknown_formats_are_kept_whole_and_say_so() -> None:
    (event,) = parse(FrameKind.LINES, b"081109 203615 148 INFO dfs.DataNode: something nobody knows")
    assert event["message"] == event["event.original"]
    assert "yaodun.parser" not in event


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+09:00", "9999-12-31 23:59:59-09:00", "0001-01-01 00:00:00"])
def test_a_time_at_the_edge_of_the_calendar_costs_nothing(text: str) -> None:
    (event,) = parse(FrameKind.NDJSON, orjson.dumps({"time": text, "message": "x"}))
    assert event["message"] == "x"
