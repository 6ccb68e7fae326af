"""The spool: frames appended, checksummed and fsynced before anything is acknowledged.

In: frames from receivers, from many callers at once.  Out: the same frames in order, after any crash, from a position.
"""

from infra.spool.admission import Limits
from infra.spool.position import SpoolPosition
from infra.spool.reader import SpoolReader
from infra.spool.writer import SpoolWriter

__all__ = ["Limits", "SpoolPosition", "SpoolReader", "SpoolWriter"]
