"""Parsers: from the bytes of one spool frame to flat ECS documents, as data where possible.

In: frames of any kind.  Out: one ``Parsed`` or ``Refused`` per record, never fewer records than the frame counted.
"""

from collectors.parsers.seams import Parsed, Parsers, Refused
from collectors.parsers.shipped import ShippedParsers

__all__ = ["Parsed", "Parsers", "Refused", "ShippedParsers"]
