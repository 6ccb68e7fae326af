"""Receivers: where other programs deliver to (syslog, ``_bulk``, OTLP, remote-write, our agent's socket).

In: bytes of any sender, hostile until proven otherwise.  Out: frames handed to an ``EventSink``; an answer after its
fsync.
"""
