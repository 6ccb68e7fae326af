"""``yaodun``: finds the command by its name and runs it; every failure ends as one clear line."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pkgutil import iter_modules

import yaodun.commands
from infra.errors import AppError, ErrorKind
from yaodun import __version__
from yaodun.terminal import choose_language, common_options, complain


def command_names() -> list[str]:
    """The names of all commands: the files of ``yaodun/commands``."""
    return [module.name.replace("_", "-") for module in iter_modules(yaodun.commands.__path__)]


def build_parser(only: str | None) -> argparse.ArgumentParser:
    """The parser of one command, or of all where the command is not known yet."""
    parser = argparse.ArgumentParser(prog="yaodun", description="药盾: security operations and situational awareness")
    parser.add_argument("--version", action="version", version=__version__)
    common_options(parser)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in [only] if only else command_names():
        module = import_module(f"yaodun.commands.{name.replace('-', '_')}")
        before = set(commands.choices)
        module.add(commands)
        for added in set(commands.choices) - before:
            commands.choices[added].set_defaults(run=getattr(module, "run", None))
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code (0 clean, 1 found or failed, 2 wrong use)."""
    words = list(sys.argv[1:] if argv is None else argv)
    choose_language(os.environ)
    known = set(command_names())
    parser = build_parser(next((word for word in words if word in known), None))
    args = parser.parse_args(words)
    try:
        return int(args.run(args))
    except AppError as error:
        complain(str(error))
        return 2 if error.kind is ErrorKind.INVALID else 1
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
