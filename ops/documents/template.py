"""Word templates: Jinja tags inside docx, run in a sandbox; an unknown field is an error that names it.

The office libraries are loaded with the first document, so that a service that only offers them starts quickly.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, UndefinedError
from jinja2.sandbox import SandboxedEnvironment

from infra.errors import AppError, ErrorKind
from ops.documents.archive import open_archive

if TYPE_CHECKING:
    from docx.document import Document as DocumentType

BODY_FONT = "宋体"


def blank_document() -> DocumentType:
    """An empty document in the fonts official papers use."""
    from docx import Document
    from docx.oxml.ns import qn
    from docx.shared import Pt

    document = Document()
    normal = document.styles["Normal"]
    normal.font.size = Pt(10.5)
    for name in ("Normal", "Title", "Heading 1", "Heading 2", "Heading 3"):
        style = document.styles[name]
        style.font.name = BODY_FONT
        style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), BODY_FONT)
    return document


def as_bytes(document: DocumentType) -> bytes:
    """The document as a file."""
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def site_template(folder: Path | None, name: str) -> bytes | None:
    """The site's own template ``name`` in ``folder``, or None where the site keeps the shipped one."""
    path = folder / name if folder else None
    return path.read_bytes() if path and path.is_file() else None


def render_docx(template: bytes, context: Mapping[str, Any], place: str) -> bytes:
    """The template filled with ``context``.

    Raises ``AppError(INVALID)`` with ``place`` when it is no docx, its tags are malformed or name an unknown field.
    """
    from docx.opc.exceptions import PackageNotFoundError
    from docxtpl import DocxTemplate

    open_archive(template, place)
    environment = SandboxedEnvironment(undefined=StrictUndefined, autoescape=True)
    try:
        document = DocxTemplate(io.BytesIO(template))
        document.render(dict(context), jinja_env=environment, autoescape=True)
    except UndefinedError as error:
        raise AppError(ErrorKind.INVALID, "ops.documents.unknown_field", place=place, problem=str(error)) from None
    except TemplateSyntaxError as error:
        problem = f"{error.message} (line {error.lineno})"
        raise AppError(ErrorKind.INVALID, "ops.documents.bad_tag", place=place, problem=problem) from None
    except (TemplateError, PackageNotFoundError, KeyError, ValueError) as error:
        raise AppError(ErrorKind.INVALID, "ops.documents.bad_template", place=place, problem=str(error)[:200]) from None
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()
