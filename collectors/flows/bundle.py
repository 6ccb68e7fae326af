"""The body of a ``flows`` frame: export packets with the templates and facts they need, so that reading it again, even
by another process after a restart, gives the same records.
"""

from __future__ import annotations

import msgspec

from collectors.flows.decoder import Facts, Row


class Bundle(msgspec.Struct, array_like=True):
    """``counts`` says how many records each packet holds."""

    packets: list[bytes]
    counts: list[int]
    templates: list[Row] = []
    facts: dict[int, Facts] = {}


encode_bundle = msgspec.msgpack.Encoder().encode
decode_bundle = msgspec.msgpack.Decoder(Bundle).decode
