"""Which addresses, names and hashes are known to be bad, says who, and did we meet one?

In: STIX 2.1 bundles, CSV and plain lists of a folder; events of the stream.
Out: indicators with source, confidence and age in one file on disk, signals where an event holds one.
"""

from analytics.intelligence.indicator import ThreatIndicator
from analytics.intelligence.shelf import Shelf

__all__ = ["Shelf", "ThreatIndicator"]
