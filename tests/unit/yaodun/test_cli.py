"""The command line as a whole."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from yaodun.cli import build_parser


def leaves(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """The parsers of commands that have no commands below them."""
    below = [each for each in parser._actions if isinstance(each, argparse._SubParsersAction)]
    if not below:
        yield parser
    for each in below:
        for child in dict.fromkeys(each.choices.values()):
            yield from leaves(child)


def test_the_help_of_every_command_has_an_example() -> None:
    found = list(leaves(build_parser(None)))
    assert {"yaodun up", "yaodun status", "yaodun rules lint"} <= {each.prog for each in found}
    assert [each.prog for each in found if "example" not in each.format_help()] == []
