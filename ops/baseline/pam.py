"""PAM stacks: parsed with their includes, and run on paper.

A question such as "does a locked account stay out although the password is right?" is answered by running the stack
with the modules' results given, by the rules of Linux-PAM (``pam.conf(5)``), not by searching for words.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ops.baseline.outcome import NotObtainedError, Proof, proof
from ops.baseline.tree import HostTree

FOLDERS = ("/etc/pam.d", "/usr/lib/pam.d", "/usr/etc/pam.d")
MOST_DEPTH = 16
MOST_ENTRIES = 500
_NAMED = {
    "required": {"success": "ok", "new_authtok_reqd": "ok", "ignore": "ignore", "default": "bad"},
    "requisite": {"success": "ok", "new_authtok_reqd": "ok", "ignore": "ignore", "default": "die"},
    "sufficient": {"success": "done", "new_authtok_reqd": "done", "default": "ignore"},
    "optional": {"success": "ok", "new_authtok_reqd": "ok", "default": "ignore"},
}
SUCCESS, IGNORE, MUST_FAIL = "success", "ignore", "must_fail"


@dataclass(frozen=True, slots=True)
class Entry:
    """One module call, or a substack of calls."""

    actions: dict[str, str]
    module: str
    args: tuple[str, ...]
    source: str
    line: int
    text: str
    substack: tuple[Entry, ...] | None = None

    def arg(self, name: str) -> str | None:
        """Value of ``name=value``, empty text for a bare ``name``, None where it is absent; the last one counts."""
        found = None
        for arg in self.args:
            key, _, value = arg.partition("=")
            if key == name:
                found = value
        return found

    @property
    def proof(self) -> Proof:
        """The line as evidence."""
        return proof(self.source, self.text, self.line)


@dataclass(slots=True)
class Run:
    """How a run went: the final result and the modules that were called."""

    result: str = MUST_FAIL
    positive: bool | None = None
    called: list[Entry] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether the stack lets the caller in."""
        return self.positive is True and self.result == SUCCESS


Results = Callable[[Entry], str]


def read_stack(tree: HostTree, service: str, kind: str) -> tuple[Entry, ...]:
    """The stack ``kind`` (auth, account, password, session) of a service, ``other`` where the service has no file."""
    name = service if _find(tree, service) else "other"
    return tuple(_entries(tree, name, kind, depth=0))


def flat(stack: tuple[Entry, ...]) -> Iterator[Entry]:
    """Every module call of a stack, those of substacks too."""
    for entry in stack:
        if entry.substack is None:
            yield entry
        else:
            yield from flat(entry.substack)


def run_stack(stack: tuple[Entry, ...], results: Results) -> Run:
    """Run a stack on paper; ``results`` tells each module's return code (``success``, ``auth_err``, ``ignore`` ...)."""
    run = Run()
    _run(stack, results, run)
    return run


def _run(stack: tuple[Entry, ...], results: Results, run: Run) -> None:
    index = 0
    while index < len(stack):
        entry = stack[index]
        index += 1
        if entry.substack is not None:
            _run(entry.substack, results, run)
            continue
        run.called.append(entry)
        code = results(entry)
        action = entry.actions.get(code, entry.actions.get("default", "ignore"))
        if action.isdecimal():
            _ok(run, code)
            index += int(action)
        elif _act(run, action, code):
            return


def _act(run: Run, action: str, code: str) -> bool:
    """Apply one action; True ends the stack."""
    if action == "reset":
        run.positive, run.result = None, MUST_FAIL
    elif action in ("ok", "done"):
        _ok(run, code)
        return action == "done" and run.positive is True
    elif action in ("bad", "die"):
        if run.positive is not False:
            run.positive, run.result = False, MUST_FAIL if code == SUCCESS else code
        return action == "die"
    return False


def _ok(run: Run, code: str) -> None:
    if run.positive is None or (run.positive and run.result == SUCCESS):
        if code == IGNORE:
            return
        if run.positive is None and code == SUCCESS:
            run.positive = True
        run.result = code


def _find(tree: HostTree, name: str) -> str | None:
    return next((f"{folder}/{name}" for folder in FOLDERS if tree.exists(f"{folder}/{name}")), None)


def _entries(tree: HostTree, name: str, kind: str, depth: int) -> list[Entry]:
    path = name if name.startswith("/") else _find(tree, name)
    if path is None or depth > MOST_DEPTH:
        raise NotObtainedError(f"/etc/pam.d/{name}", "is included too deeply" if path else "does not exist")
    found: list[Entry] = []
    for number, text in _lines(tree.need(path)):
        found += _line(tree, text, path, number, kind, depth)
        if len(found) > MOST_ENTRIES:
            raise NotObtainedError(path, "holds too many entries")
    return found


def _lines(text: str) -> Iterator[tuple[int, str]]:
    pending, start = "", 0
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.split("#", 1)[0].rstrip()
        start = start or number
        if line.endswith("\\"):
            pending += line[:-1] + " "
            continue
        full = (pending + line).strip()
        if full:
            yield start, full
        pending, start = "", 0


_SHAPE = re.compile(r"-?(\w+)\s+(\[[^\]]*\]|\S+)\s+(\S+)\s*(.*)")


def _line(tree: HostTree, text: str, path: str, number: int, kind: str, depth: int) -> list[Entry]:
    if text.startswith("@include"):
        return _entries(tree, text.split()[1] if len(text.split()) > 1 else "", kind, depth + 1)
    match = _SHAPE.fullmatch(text)
    if not match:
        raise NotObtainedError(f"{path}:{number}", "is no PAM line")
    if match[1] != kind:
        return []
    control, target = match[2], match[3]
    if control == "include":
        return _entries(tree, target, kind, depth + 1)
    if control == "substack":
        inner = tuple(_entries(tree, target, kind, depth + 1))
        return [Entry({}, target, (), path, number, text, inner)]
    actions = _actions(control, f"{path}:{number}")
    return [Entry(actions, target.rpartition("/")[2], _args(match[4]), path, number, text)]


def _actions(control: str, place: str) -> dict[str, str]:
    if control in _NAMED:
        return _NAMED[control]
    if not control.startswith("["):
        raise NotObtainedError(place, f"has the unknown control {control}")
    pairs = [part.partition("=") for part in control.strip("[]").split()]
    if any(not value for _, _, value in pairs):
        raise NotObtainedError(place, "has a malformed control")
    return {key: value for key, _, value in pairs}


def _args(text: str) -> tuple[str, ...]:
    joined = re.sub(r"\[([^\]]*)\]", lambda found: shlex.quote(found[1]), text)
    try:
        return tuple(shlex.split(joined))
    except ValueError:
        return tuple(text.split())
