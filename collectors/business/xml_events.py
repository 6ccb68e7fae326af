"""XML of business events: ``<businessEvents version="1">`` with one element a record, judged by the shipped schema."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any
from xml.etree.ElementTree import Element, ParseError, tostring

import orjson
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from collectors.parsers.business import refused_line
from infra.errors import AppError, ErrorKind
from infra.events.business.envelope import VERSION
from infra.events.business.rows import list_fields


@cache
def schema() -> Any:
    """The shipped schema, which knows every flat kind. Its library is heavy: loaded with the first document."""
    import xmlschema

    return xmlschema.XMLSchema(str(files("infra.events.business").joinpath("business-events.xsd")))


def xml_lines(body: bytes, name: str) -> Iterator[bytes]:
    """One line per element; ``AppError(INVALID)`` where the document is no XML, has entities, or another root."""
    try:
        root = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError) as problem:
        raise _broken(name, str(problem)) from None
    if root.tag != "businessEvents":
        raise _broken(name, f"the root is <{str(root.tag)[:60]}>, not <businessEvents>")
    if (version := root.get("version")) != str(VERSION):
        return (_refused(child, "version", "v", f"version {version}, known is {VERSION}") for child in root)
    return (_line(child) for child in root)


def _line(element: Element) -> bytes:
    known = schema().elements.get(element.tag)
    if known is None:
        return _refused(element, "kind", "kind", f"<{str(element.tag)[:60]}> is no kind of the schema")
    problem = next(iter(known.iter_errors(element)), None)
    if problem is not None:
        field = str(problem.path or "").rpartition("/")[2]
        return _refused(element, "schema", field, str(problem.reason or problem.message)[:200])
    return orjson.dumps({"kind": element.tag, **_object(element)})


def _object(element: Element) -> dict[str, Any]:
    lists = list_fields(str(element.tag))
    made: dict[str, Any] = {}
    for child in element:
        value: Any = _object(child) if len(child) else (child.text or "").strip()
        if child.tag in lists:
            made.setdefault(child.tag, []).append(value)
        else:
            made[child.tag] = value
    return made


def _refused(element: Element, reason: str, field: str, detail: str) -> bytes:
    return refused_line(reason, field, detail, tostring(element)[:4000])


def _broken(name: str, problem: str) -> AppError:
    return AppError(ErrorKind.INVALID, "collectors.business.broken", place=name, problem=problem[:200])
