"""Which tests stay together on one core."""

from __future__ import annotations

from xdist.scheduler import LoadFileScheduling


class Rooms(LoadFileScheduling):
    """A file stays on one core, for its tests share a site; so does all of the contract, whose nodes start once."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return "contract" if file.startswith("tests/contract/") else file
