"""The SSH server's settings: includes, first value wins, and what Match blocks weaken (``sshd_config(5)``)."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass, field

from ops.baseline.outcome import NotApplicableError, NotObtainedError
from ops.baseline.settings_file import Setting
from ops.baseline.tree import HostTree

MAIN = "/etc/ssh/sshd_config"
MOST_DEPTH = 16
BINARIES = ("/usr/sbin/sshd", "/usr/local/sbin/sshd", "/sbin/sshd")
DEFAULTS = {
    "permitrootlogin": "prohibit-password",
    "permitemptypasswords": "no",
    "passwordauthentication": "yes",
    "maxauthtries": "6",
    "logingracetime": "120",
    "clientaliveinterval": "0",
    "clientalivecountmax": "3",
    "hostbasedauthentication": "no",
    "ignorerhosts": "yes",
    "permituserenvironment": "no",
    "strictmodes": "yes",
    "loglevel": "INFO",
    "x11forwarding": "no",
    "usepam": "no",
    "allowtcpforwarding": "yes",
}


@dataclass(slots=True)
class Sshd:
    """Settings outside Match blocks in order, and those inside with the block's condition."""

    settings: list[Setting] = field(default_factory=list)
    matched: list[tuple[str, Setting]] = field(default_factory=list)

    def get(self, key: str) -> Setting:
        """The value that counts, or the built-in default (line 0)."""
        found = next((s for s in self.settings if s.key == key), None)
        return found or Setting(key, DEFAULTS.get(key, ""), "sshd default", 0)

    def worst(self, key: str, good: Callable[[Setting], bool]) -> tuple[bool, list[Setting]]:
        """Whether the value and every Match override of it are ``good``; the settings that show it."""
        mine = [self.get(key), *(s for _, s in self.matched if s.key == key)]
        bad = [setting for setting in mine if not good(setting)]
        return not bad, bad or mine

    def all(self, key: str) -> list[Setting]:
        """Every setting of ``key`` outside Match blocks."""
        return [setting for setting in self.settings if setting.key == key]


def read_sshd(tree: HostTree) -> Sshd:
    """The server's settings; ``NotApplicableError`` where no SSH server is installed."""
    if not any(tree.exists(path) for path in BINARIES):
        raise NotApplicableError("sshd")
    if not tree.exists(MAIN):
        raise NotObtainedError(MAIN, "does not exist")
    found = Sshd()
    _read(tree, MAIN, found, "", 0)
    return found


def _read(tree: HostTree, path: str, found: Sshd, match: str, depth: int) -> str:
    if depth > MOST_DEPTH:
        raise NotObtainedError(path, "is included too deeply")
    for number, line in enumerate(tree.need(path).splitlines(), 1):
        words = _words(line, f"{path}:{number}")
        if not words:
            continue
        key, value = words[0].lower(), " ".join(words[1:])
        if key == "match":
            match = "" if value.lower() == "all" else value
        elif key == "include":
            _include(tree, words[1:], found, match, depth)
        else:
            setting = Setting(key, value, path, number)
            found.matched.append((match, setting)) if match else found.settings.append(setting)
    return match


def _include(tree: HostTree, patterns: list[str], found: Sshd, match: str, depth: int) -> None:
    for pattern in patterns:
        full = pattern if pattern.startswith("/") else f"/etc/ssh/{pattern}"
        for path in tree.glob(full):
            _read(tree, path, found, match, depth + 1)


def _words(line: str, place: str) -> list[str]:
    bare = line.strip()
    if not bare or bare.startswith("#"):
        return []
    key, sep, rest = bare.partition("=")
    if sep and " " not in key.strip() and "\t" not in key.strip():
        bare = f"{key} {rest}"
    try:
        return shlex.split(bare, comments=True)
    except ValueError:
        raise NotObtainedError(place, "is malformed") from None


def seconds(text: str) -> int | None:
    """A time of sshd_config (``90``, ``2m``, ``1h30m``) in seconds."""
    if text.isdecimal():
        return int(text)
    total, digits = 0, ""
    for char in text.lower():
        if char.isdecimal():
            digits += char
        elif char in "smhdw" and digits:
            total += int(digits) * {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}[char]
            digits = ""
        else:
            return None
    return total if text and not digits else None
