"""A device that was cut off: what it says is refused, and its neighbours behind the same gateway are heard."""

from __future__ import annotations

import json

from collectors.frames import FrameKind
from collectors.parsers.readings import ReadingsSplitter
from collectors.parsers.records import Context
from collectors.parsers.seams import Parsed, Refused
from collectors.sensing.decoder import Decoders, shipped_decoders
from collectors.sensing.device import Device
from collectors.sensing.readings import Arrival, pack_arrivals
from infra.events.frame import Frame


def read(devices: dict[str, Device], name: str) -> list[Parsed | Refused]:
    splitter = ReadingsSplitter(Decoders(list(shipped_decoders())), dict, lambda: devices)
    payload = json.dumps({"device": name, "readings": {"temperature": 5.0}}).encode()
    body = pack_arrivals([Arrival(f"yaodun/{name}/readings".encode(), payload, 1)])
    return splitter.split(Context(Frame("gateway", FrameKind.READINGS, 1, 1, body)))


def test_what_a_revoked_device_says_is_refused_with_its_reason() -> None:
    devices = {"cs-1": Device(id="cs-1", revoked=True), "cs-2": Device(id="cs-2")}
    [answer] = read(devices, "cs-1")
    assert isinstance(answer, Refused)
    assert "device_revoked" in repr(answer)
    assert all(isinstance(each, Parsed) for each in read(devices, "cs-2"))


def test_let_back_in_it_is_heard_again() -> None:
    assert isinstance(read({"cs-1": Device(id="cs-1")}, "cs-1")[0], Parsed)
