"""The spool: frames appended, checksummed and fsynced before anything is acknowledged.

In: encoded frames.  Out: the same frames in order, after any crash, from a committed position.
"""
