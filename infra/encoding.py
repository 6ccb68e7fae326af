"""Which encoding a text file is in: what people here hand over is UTF-8, UTF-16 with its mark, or GB 18030 (GBK)."""

from __future__ import annotations

import codecs
from pathlib import Path

_CHUNK = 1 << 20


def encoding_of(path: Path) -> str:
    """A name for ``open``: by the byte-order mark, else UTF-8 where the whole file is that, else GB 18030.

    ``OSError`` where the file cannot be read. GB 18030 is not tried out: opening may still meet a byte that is neither.
    """
    with path.open("rb") as stream:
        head = stream.read(4)
        if head.startswith(codecs.BOM_UTF8):
            return "utf-8-sig"
        if head[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            return "utf-16"
        stream.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            while chunk := stream.read(_CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "gb18030"
    return "utf-8"
