"""What the register is told of the machine the platform runs on."""

from __future__ import annotations

import psutil

from collectors.sources.reporting import this_host
from infra.register import Register


def register_this_host(register: Register) -> str:
    """Begin the register with its seed and this host; the id of the host's asset ('' without a machine id)."""
    register.prepare()
    host = this_host()
    if not host.id:
        return ""
    addresses = [item.address for items in psutil.net_if_addrs().values() for item in items]
    return register.prepare_host(host.id, host.name, addresses)
