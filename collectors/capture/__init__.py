"""Captures: which flows, names, certificates and requests were on the wire?

In: packets of a capture file or of a live interface.  Out: documents of flows, DNS answers, TLS greetings and HTTP
requests in the event table's fields. No library stands between the bytes and the flow table: it is the hot path.
"""

from collectors.capture.meter import Meter
from collectors.capture.pcapfile import Packet, packets

__all__ = ["Meter", "Packet", "packets"]
