"""Windows events as XML: what WEF, NXLog and Sysmon for Linux (over syslog) send; brought to the shape EVTX files
give.
"""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from collectors.parsers.times import Clockwork
from collectors.parsers.windows import read_windows
from infra.events.stream import Event

START = "<Event"
_MAX_LENGTH = 1 << 20


def read_windows_xml(text: str, clock: Clockwork) -> Event | None:
    """The flat document of one ``<Event>``; None where it is none. Entities and DTDs are refused."""
    if len(text) > _MAX_LENGTH:
        return None
    try:
        root = fromstring(text, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError):
        return None
    if _name(root) != "Event":
        return None
    tree: dict[str, Any] = {}
    for child in root:
        tree[_name(child)] = _system(child) if _name(child) == "System" else _data(child)
    return read_windows({"Event": tree}, clock) if "System" in tree else None


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _system(element: Element) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for child in element:
        attributes = {str(key): value for key, value in child.attrib.items()}
        found[_name(child)] = {"#attributes": attributes, "#text": child.text} if attributes else child.text
    return found


def _data(element: Element) -> dict[str, Any]:
    found: dict[str, Any] = {}
    unnamed: list[str] = []
    for child in element:
        if name := child.attrib.get("Name"):
            found[name] = child.text or ""
        elif _name(child) == "Data":
            unnamed.append(child.text or "")
        else:
            found[_name(child)] = {_name(part): part.text or "" for part in child} if len(child) else child.text or ""
    if unnamed:
        found["Data"] = {"#text": unnamed}
    return found
