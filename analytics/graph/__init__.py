"""How are assets, accounts, credentials, services, data and business systems connected, and what follows from that?

In: nodes and edges from the rooms that know them (``GraphSource``) and from events (logins, flows).
Out: exposure paths, blast radius, choke points, odd new edges, impact and root cause.
"""

from analytics.graph.seams import GraphSource, Kind, Node
from analytics.graph.typed import TypedGraph, build

__all__ = ["GraphSource", "Kind", "Node", "TypedGraph", "build"]
