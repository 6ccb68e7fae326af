"""The packet filter of this host as its own tools list it: nftables as JSON, iptables as text with counters."""

from __future__ import annotations

import hashlib
import logging
import shutil
import subprocess
from collections.abc import Iterable, Iterator

from infra.events.stream import Event

log = logging.getLogger(__name__)
TOOLS: dict[str, tuple[str, ...]] = {
    "nftables": ("nft", "-j", "list", "ruleset"),
    "iptables": ("iptables-save", "-c"),
    "ip6tables": ("ip6tables-save", "-c"),
}
TIMEOUT_S = 10.0
MOST_CHARACTERS = 900_000
"""A rule set larger than this is not sent: cut off, it would say the wrong thing."""
PATH = "/usr/sbin:/sbin:/usr/bin:/bin"


def rule_sets(tools: Iterable[tuple[str, tuple[str, ...]]] = tuple(TOOLS.items())) -> Iterator[tuple[str, str, Event]]:
    """Kind, key and fields of each rule set. Blocks up to ten seconds a tool; without the right to list, none."""
    for name, command in tools:
        text = _listed(command)
        if text:
            digest = hashlib.sha256(text.encode()).hexdigest()
            yield "firewall", name, {"event.original": text, "event.hash": digest}


def _listed(command: tuple[str, ...]) -> str:
    program = shutil.which(command[0], path=PATH)
    if program is None:
        return ""
    try:
        ran = subprocess.run(
            [program, *command[1:]], capture_output=True, timeout=TIMEOUT_S, check=True, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.SubprocessError):
        log.info("firewall.not_listed", extra={"tool": command[0]})
        return ""
    text = ran.stdout.decode(errors="replace").strip()
    if len(text) > MOST_CHARACTERS:
        log.warning("firewall.too_large", extra={"tool": command[0], "characters": len(text)})
        return ""
    return text
