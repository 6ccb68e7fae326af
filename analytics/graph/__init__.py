"""How are assets, accounts, credentials, services, data and business systems connected, and what follows from that?

In: nodes and edges from the rooms that know them (``GraphSource``) and from events (logins, flows, listeners).
Out: exposure paths, blast radius, choke points, odd new edges, impact and root cause; kept under the home between
refreshes (``kept``) and asked through ``desk``.
"""

from analytics.graph.seams import GraphSource, Kind, Node

__all__ = ["GraphSource", "Kind", "Node"]
