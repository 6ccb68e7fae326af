"""Raw bytes as text that can be turned back: UTF-8, GB18030 where it is plainly Chinese, else a reading beside the
bytes."""

from __future__ import annotations

from infra.events.stream import Event

GB18030 = "gb18030"
_MIN_CHINESE = 0.7


def read_text(raw: bytes) -> tuple[str, str]:
    """The text of ``raw`` and the encoding that gives ``raw`` back; '' where none does: the text then only comes
    near.
    """
    try:
        return raw.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        pass
    try:
        text = raw.decode(GB18030)
    except UnicodeDecodeError:
        return raw.decode("utf-8", "replace"), ""
    if _is_chinese(text) and text.encode(GB18030) == raw:
        return text, GB18030
    return raw.decode("utf-8", "replace"), ""


def keep_raw(document: Event, raw: bytes, text: str, encoding: str) -> None:
    """Puts ``raw`` into ``document`` so that it can be had back byte by byte."""
    document["event.original"] = text
    if encoding == "utf-8":
        return
    if encoding:
        document["yaodun.raw.encoding"] = encoding
    else:
        document["yaodun.raw.bytes"] = raw


def raw_of(document: Event) -> bytes:
    """The raw bytes that ``keep_raw`` put away."""
    if "yaodun.raw.bytes" in document:
        return bytes(document["yaodun.raw.bytes"])
    return str(document["event.original"]).encode(document.get("yaodun.raw.encoding", "utf-8"))


def _is_chinese(text: str) -> bool:
    strange = [character for character in text if ord(character) > 127]
    chinese = sum(
        "一" <= character <= "鿿" or "　" <= character <= "〿" or "！" <= character <= "￮" for character in strange
    )
    return bool(strange) and chinese >= _MIN_CHINESE * len(strange)
