"""The generated parts of ``docs/``: fields, settings, commands. ``make docs`` writes them, a test compares them."""

from __future__ import annotations

import argparse
import re
import sys
import typing
from collections.abc import Iterator
from pathlib import Path

import msgspec

from infra.events.table import ECS_VERSION, Field, table
from yaodun.business_schema import business_schema
from yaodun.cli import build_parser
from yaodun.documented_kinds import bill_types_table, kinds_tables, knobs_table
from yaodun.settings import Settings

DOCS = Path(__file__).resolve().parents[1] / "docs"


def fields_page() -> str:
    """``docs/fields.md``: every field of an event."""
    rows = "\n".join(_field_row(field) for field in table())
    origin = f"Generated from `infra/events/fields.csv` (ECS {ECS_VERSION} and our own root `yaodun.`)."
    return (
        f"# Fields of an event\n\n{origin}\n\n"
        "| field | type | level | 中文 | English |\n|---|---|---|---|---|\n" + rows + "\n"
    )


def _field_row(field: Field) -> str:
    kind = f"{field.type}[]" if field.array else str(field.type)
    return f"| `{field.name}` | {kind} | {field.level} | {field.title_zh} | {field.title_en} |"


def settings_table() -> str:
    """The table of settings: key, default, meaning."""
    lines = ["| key | default | meaning |", "|---|---|---|"]
    for section in msgspec.structs.fields(Settings):
        hints = typing.get_type_hints(section.type, include_extras=True)
        for item in msgspec.structs.fields(section.type):
            meaning = hints[item.name].__metadata__[0].description
            lines.append(f"| `[{section.name}] {item.name}` | `{_shown(item.default)}` | {meaning} |")
    return "\n".join(lines)


def _shown(value: object) -> str:
    return msgspec.json.encode(value).decode()


def commands_table() -> str:
    """The table of commands with the example of each."""
    return "\n".join(["| command | answers | example |", "|---|---|---|", *sorted(_command_rows(build_parser(None)))])


def _command_rows(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from (_command_row(name, command) for name, command in action.choices.items())


def _command_row(name: str, command: argparse.ArgumentParser) -> str:
    example = (command.epilog or "").removeprefix("example:").strip().splitlines()
    return f"| `yaodun {name}` | {command.description} | `{example[0].strip() if example else ''}` |"


def replaced(text: str, part: str, body: str) -> str:
    """``text`` with what lies between the marks of ``part`` replaced by ``body``."""
    found = re.compile(f"(<!-- {part} -->\n).*?(<!-- /{part} -->)", re.DOTALL)
    return found.sub(lambda match: f"{match[1]}{body}\n{match[2]}", text)


def pages() -> dict[Path, str]:
    """Every page with a generated part, as it should be."""
    operating, commands, business = DOCS / "operating.md", DOCS / "commands.md", DOCS / "business-events.md"
    kinds = replaced(business.read_text(encoding="utf-8"), "business-kinds", kinds_tables())
    return {
        DOCS / "fields.md": fields_page(),
        operating: replaced(operating.read_text(encoding="utf-8"), "settings", settings_table()),
        DOCS.parent / "infra" / "events" / "business" / "business-events.xsd": business_schema(),
        business: replaced(replaced(kinds, "bill-types", bill_types_table()), "knobs", knobs_table()),
        commands: replaced(commands.read_text(encoding="utf-8"), "commands", commands_table()),
    }


def main() -> int:
    """Write every page."""
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
