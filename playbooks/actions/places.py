"""Where a target is."""

from __future__ import annotations

from infra.errors import AppError, ErrorKind
from playbooks.model.playbook import Party


def host_of(party: Party) -> str:
    """The first address of a target."""
    for kind in ("dname", "ipv4", "ipv6"):
        for each in party.address.get(kind, ()):
            return str(each)
    raise AppError(ErrorKind.INVALID, "playbooks.act.no_address", place=party.name)
