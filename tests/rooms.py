"""Which tests stay together on one core."""

from __future__ import annotations

from xdist.scheduler import LoadFileScheduling

_NODES = ("tests/contract/", "tests/integration/test_opensearch_platform.py")
"""What asks OpenSearch nodes, which take their time to start."""


class Rooms(LoadFileScheduling):
    """A file stays on one core, for its tests share a site; so does all that shares nodes."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return "nodes" if file.startswith(_NODES) else file
