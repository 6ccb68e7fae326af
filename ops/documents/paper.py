"""A paper: title, facts, sections of lines and tables; written as Word or HTML by templates a site may replace.

A site's Word template gets ``title``, ``subtitle``, ``facts`` (label, value), ``sections`` (title, lines, tables of
heads and rows of cells with text and href) and ``footer``; the HTML template the same and ``lang``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from infra.errors import AppError, ErrorKind
from infra.text import language


class Cell(msgspec.Struct, frozen=True):
    """A cell: its words, and where its evidence is."""

    text: str
    href: str = ""


class Table(msgspec.Struct, frozen=True):
    """A table; every row has as many cells as there are heads."""

    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A titled part."""

    title: str
    lines: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()


class Fact(msgspec.Struct, frozen=True):
    """A label with its value."""

    label: str
    value: str


class Paper(msgspec.Struct, frozen=True, kw_only=True):
    """A document before it has a form."""

    title: str
    subtitle: str = ""
    facts: tuple[Fact, ...] = ()
    sections: tuple[Section, ...] = ()
    footer: str = ""


def table(heads: Sequence[str], rows: Sequence[Sequence[str | Cell]]) -> Table:
    """A table of plain words or cells."""
    made = tuple(tuple(cell if isinstance(cell, Cell) else Cell(cell) for cell in row) for row in rows)
    return Table(tuple(heads), made)


def to_docx(paper: Paper, template: bytes | None = None, place: str = "paper.docx") -> bytes:
    """The paper as a Word file; ``AppError(INVALID)`` names what is wrong with a site's template."""
    from ops.documents.template import render_docx

    return render_docx(template or default_docx(), _context(paper), place)


def to_html(paper: Paper, template: str | None = None, place: str = "paper.html") -> str:
    """The paper as one HTML file that needs nothing else; ``AppError(INVALID)`` as above."""
    from jinja2 import StrictUndefined, TemplateError
    from jinja2.sandbox import SandboxedEnvironment

    environment = SandboxedEnvironment(undefined=StrictUndefined, autoescape=True)
    try:
        made = environment.from_string(template or DEFAULT_HTML).render(lang=str(language()), **_context(paper))
    except TemplateError as error:
        raise AppError(ErrorKind.INVALID, "ops.documents.bad_template", place=place, problem=str(error)[:200]) from None
    return str(made)


def _context(paper: Paper) -> dict[str, Any]:
    return {name: getattr(paper, name) for name in paper.__struct_fields__}


def default_docx() -> bytes:
    """The shipped Word template; ``yaodun report template`` writes it for a site to change."""
    from ops.documents.template import as_bytes, blank_document

    document = blank_document()
    document.add_heading("{{ title }}", 0)
    document.add_paragraph("{{ subtitle }}")
    facts = document.add_table(rows=3, cols=2, style="Table Grid")
    facts.cell(0, 0).text = "{%tr for fact in facts %}"
    facts.cell(1, 0).text, facts.cell(1, 1).text = "{{ fact.label }}", "{{ fact.value }}"
    facts.cell(2, 0).text = "{%tr endfor %}"
    document.add_paragraph("{%p for section in sections %}")
    document.add_heading("{{ section.title }}", 1)
    document.add_paragraph("{%p for line in section.lines %}")
    document.add_paragraph("{{ line }}")
    document.add_paragraph("{%p endfor %}")
    document.add_paragraph("{%p for table in section.tables %}")
    rows = document.add_table(rows=4, cols=3, style="Table Grid")
    for place, (loop, words) in enumerate((("table.heads", "{{ cell }}"), ("", ""), ("row", "{{ cell.text }}"))):
        if loop:
            rows.cell(place, 0).text = "{%tc for cell in " + loop + " %}"
            rows.cell(place, 1).text, rows.cell(place, 2).text = words, "{%tc endfor %}"
    rows.cell(1, 0).text, rows.cell(3, 0).text = "{%tr for row in table.rows %}", "{%tr endfor %}"
    document.add_paragraph("{%p endfor %}")
    document.add_paragraph("{%p endfor %}")
    document.add_paragraph("{{ footer }}")
    return as_bytes(document)


DEFAULT_HTML = """<!DOCTYPE html>
<html lang="{{ lang }}"><head><meta charset="utf-8"><title>{{ title }}</title><style>
body { font: 14px/22px "Segoe UI", "PingFang SC", "Microsoft YaHei UI", "Noto Sans CJK SC", sans-serif; color: #161b24;
  max-width: 960px; margin: 32px auto; padding: 0 16px; }
h1 { font-size: 24px; line-height: 32px; } h2 { font-size: 17px; margin-top: 28px; border-bottom: 1px solid #bcc4cf; }
table { border-collapse: collapse; width: 100%; margin: 8px 0 16px; font-variant-numeric: tabular-nums; }
th, td { border: 1px solid #bcc4cf; padding: 4px 8px; text-align: left; vertical-align: top; overflow-wrap: anywhere;
  min-width: 4.5em; }
th { overflow-wrap: normal; }
th { background: #f2f4f6; } .facts td:first-child { width: 180px; color: #475061; } a { color: #0a7267; }
.sub, footer { color: #475061; }
@media print { body { margin: 0; max-width: none; } tr { break-inside: avoid; } }
</style></head><body>
<h1>{{ title }}</h1><p class="sub">{{ subtitle }}</p>
<table class="facts">{% for fact in facts %}<tr><td>{{ fact.label }}</td><td>{{ fact.value }}</td></tr>
{% endfor %}</table>
{% for section in sections %}<h2>{{ section.title }}</h2>
{% for line in section.lines %}<p>{{ line }}</p>
{% endfor %}{% for table in section.tables %}<table><thead><tr>
{% for head in table.heads %}<th>{{ head }}</th>{% endfor %}
</tr></thead><tbody>{% for row in table.rows %}<tr>{% for cell in row %}<td>{% if cell.href %}
<a href="{{ cell.href }}">{{ cell.text }}</a>{% else %}{{ cell.text }}{% endif %}</td>{% endfor %}</tr>
{% endfor %}</tbody></table>
{% endfor %}{% endfor %}<footer>{{ footer }}</footer></body></html>
"""
