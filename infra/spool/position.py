"""Where in a spool something stands."""

from __future__ import annotations

import msgspec


class SpoolPosition(msgspec.Struct, frozen=True, order=True):
    """How far a spool has been taken: everything before it is in.

    ``segment`` is the number of the segment file, ``offset`` the byte in it behind the last frame taken; (0, 0) is the
    start of any spool.
    """

    segment: int = 0
    offset: int = 0
