"""sudoers with its includes: who may do what, without which password, and how it is logged (``sudoers(5)``)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ops.baseline.outcome import NotApplicableError, NotObtainedError, Proof, proof
from ops.baseline.tree import HostTree

MAIN = "/etc/sudoers"
MOST_DEPTH = 16


@dataclass(frozen=True, slots=True)
class Line:
    """One logical line."""

    text: str
    source: str
    number: int

    @property
    def proof(self) -> Proof:
        """The line as evidence."""
        return proof(self.source, self.text, self.number)


@dataclass(slots=True)
class Sudoers:
    """Defaults and grants; aliases stay as they are written."""

    defaults: list[Line] = field(default_factory=list)
    grants: list[Line] = field(default_factory=list)

    def switched(self, option: str) -> tuple[bool | None, list[Line]]:
        """Whether a Defaults option is on (the last line wins), None where it is not mentioned."""
        state, shown = None, []
        for line in self.defaults:
            if match := re.search(rf"(?<![\w-])(!?)\s*{option}(?![\w-])", line.text):
                state, shown = not match[1], [line]
        return state, shown


def read_sudoers(tree: HostTree) -> Sudoers:
    """The sudo policy; ``NotApplicableError`` where sudo is not installed."""
    if not tree.exists("/usr/bin/sudo") and not tree.exists("/bin/sudo"):
        raise NotApplicableError("sudo")
    found = Sudoers()
    _read(tree, MAIN, found, 0)
    return found


def _read(tree: HostTree, path: str, found: Sudoers, depth: int) -> None:
    if depth > MOST_DEPTH:
        raise NotObtainedError(path, "is included too deeply")
    for line in _lines(tree.need(path), path):
        include = re.fullmatch(r"[#@](include|includedir)\s+(\S.*)", line.text)
        if include:
            _include(tree, include[1], include[2].strip('"'), path, found, depth)
        elif line.text.startswith("Defaults"):
            found.defaults.append(line)
        elif not re.match(r"(User|Runas|Host|Cmnd|Cmd)_Alias\b", line.text):
            found.grants.append(line)


def _include(tree: HostTree, kind: str, target: str, path: str, found: Sudoers, depth: int) -> None:
    full = target if target.startswith("/") else f"{path.rpartition('/')[0]}/{target}"
    if kind == "include":
        _read(tree, full, found, depth + 1)
        return
    for name in tree.names(full):
        if "." not in name and not name.endswith("~"):
            _read(tree, f"{full}/{name}", found, depth + 1)


def _lines(text: str, path: str) -> list[Line]:
    found, pending, start = [], "", 0
    for number, raw in enumerate(text.splitlines(), 1):
        start = start or number
        if raw.endswith("\\"):
            pending += raw[:-1] + " "
            continue
        bare = (pending + raw).strip()
        comment = bare.startswith("#") and not re.match(r"#(include|includedir)\s", bare)
        if bare and not comment:
            keep = bare if bare[0] in "#@" else re.sub(r"\s#(?!\d).*", "", bare)
            found.append(Line(keep.strip(), path, start))
        pending, start = "", 0
    return found
