"""What an event is: one typed table of fields, flat documents, streams, signals, and the seams they cross.

In: flat documents from parsers.  Out: conformed events with overflow in one flat field, or a reason for quarantine.
"""

from infra.events.conform import Conformed, Conformer, Rejection
from infra.events.frame import Frame
from infra.events.seams import Detector, EventSink
from infra.events.signal import Signal, Why
from infra.events.stream import Event, Stream
from infra.events.table import Field, FieldType, Table, table

__all__ = [
    "Conformed",
    "Conformer",
    "Detector",
    "Event",
    "EventSink",
    "Field",
    "FieldType",
    "Frame",
    "Rejection",
    "Signal",
    "Stream",
    "Table",
    "Why",
    "table",
]
