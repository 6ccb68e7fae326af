"""Kinds of spool frames, and how several records lie in the body of one.

====================  =============================================================  ==================================
kind                  body                                                           identity of record ``i``
====================  =============================================================  ==================================
``syslog``            packed records, each one message exactly as it came            none (spool position, index)
``file``              bytes of a file from ``meta["offset"]``, whole lines           ``identity`` + offset of the line
``lines``             text lines (replay, HTTP); ``meta["parser"]`` may name one     none
``ndjson``            JSON documents, one a line, of any known shape                 none
``bulk``              NDJSON of ``_bulk``: action line, document line                ``_index/_id`` of the client
``journal``           NDJSON as ``journalctl -o json`` writes it                     ``__CURSOR``
``documents``         MessagePack array of flat ECS documents (our agent, pollers)   ``identity`` + index
``otlp-logs``         ExportLogsServiceRequest, protobuf                             none
``otlp-metrics``      ExportMetricsServiceRequest, protobuf                          none
``remote-write``      Prometheus WriteRequest, protobuf, not compressed              none
``k8s-audit``         JSON EventList of the Kubernetes audit webhook                 ``auditID`` + stage
``readings``          MessagePack array of payloads of sensing devices, each as it came  none
``business``          business events, one a line (docs/business-events.md)          ``id`` of the event
``flows``             MessagePack ``Bundle``: export packets and the templates used  none
====================  =============================================================  ==================================

``frame.count`` counts records: messages, lines that are not blank, documents, samples. ``meta`` may hold ``host``
(name of the host the records come from), ``path``, ``offset``, ``parser``, ``index``, ``transport``, ``agent``,
``zone`` (the UTC offset of times that carry none, such as ``+08:00``), ``lax`` (numbers may be written as text).
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import msgspec


class FrameKind(StrEnum):
    """What lies in the body of a frame; chooses how it is split into records."""

    SYSLOG = "syslog"
    FILE = "file"
    LINES = "lines"
    NDJSON = "ndjson"
    BULK = "bulk"
    JOURNAL = "journal"
    DOCUMENTS = "documents"
    OTLP_LOGS = "otlp-logs"
    OTLP_METRICS = "otlp-metrics"
    REMOTE_WRITE = "remote-write"
    K8S_AUDIT = "k8s-audit"
    BUSINESS = "business"
    FLOWS = "flows"
    READINGS = "readings"


pack_records = msgspec.msgpack.Encoder().encode
"""The body of a ``syslog`` frame from a sequence of ``bytes``."""

_decode_records = msgspec.msgpack.Decoder(list[bytes]).decode


def unpack_records(body: bytes) -> list[bytes]:
    """The records of a ``syslog`` frame; raises ``msgspec.MsgspecError`` on a body that is none."""
    return _decode_records(body)


def count_lines(body: bytes) -> int:
    """How many lines of ``body`` are not blank."""
    return sum(1 for line in body.split(b"\n") if line.strip())


def split_lines(body: bytes) -> Sequence[bytes]:
    """The lines of ``body`` that are not blank, without their terminators."""
    return [line.rstrip(b"\r") for line in body.split(b"\n") if line.strip()]
