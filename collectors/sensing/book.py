"""The device register as the stream needs it: in memory, read again when it is told to have changed."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Protocol

from collectors.sensing.device import Device
from infra.feed import Feed, Notice

_log = logging.getLogger(__name__)
TOPIC = "devices"


class Registered(Protocol):
    """What is asked."""

    def devices(self) -> Sequence[Device]: ...

    def keys(self) -> Mapping[str, bytes]: ...


class DeviceBook:
    """Devices and keys of a site. One per process that reads the stream."""

    def __init__(self, register: Registered) -> None:
        self._register = register
        self._devices: Mapping[str, Device] = {}
        self._keys: Mapping[str, bytes] = {}
        self.refresh()

    def devices(self) -> Mapping[str, Device]:
        """Devices by id, those that are retired left out."""
        return self._devices

    def keys(self) -> Mapping[str, bytes]:
        """Keys by device."""
        return self._keys

    def refresh(self) -> None:
        """Read the register."""
        self._devices = {each.id: each for each in self._register.devices() if not each.retired}
        self._keys = self._register.keys()

    def listen(self, feed: Feed) -> None:
        """Read again whenever the feed tells of a change."""
        feed.subscribe([TOPIC], self._heard)

    def _heard(self, notice: Notice) -> None:
        try:
            self.refresh()
        except Exception:  # noqa: BLE001 - logged; the last state stays in force
            _log.exception("devices.refresh_failed")
