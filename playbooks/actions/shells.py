"""bash here, and ssh and powershell elsewhere (powershell runs on the far side of ssh)."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import asyncssh

from infra.errors import AppError, ErrorKind
from playbooks.actions.commands import Ended, Host
from playbooks.actions.secrets import Secrets
from playbooks.engine.orders import Order, Outcome, Seen, clipped
from playbooks.engine.render import shell
from playbooks.model.guard import Certainty, Effect
from playbooks.model.playbook import Party

__all__ = ["Bash", "Manual", "PowerShell", "Ssh", "shell"]


class Probing:
    """What every kind of shell does about attempts that were cut off: the playbook's own probe, or a person."""

    def certainty(self, order: Order) -> Certainty:
        """As the guard rails say; a probe that is written down is used."""
        if order.certainty is not None:
            return order.certainty
        return Certainty.PROBE if order.probe else Certainty.NONE

    def effects(self, order: Order) -> tuple[Effect, ...]:
        """What is declared; else a command nobody can take back."""
        place = order.target.name if order.target else order.agent.name
        return order.effects or (Effect("command", place),)


def seen_of(code: int | None) -> Seen:
    """A probe says 0 for there, 1 for not there."""
    return {0: Seen.DONE, 1: Seen.ABSENT}.get(code if code is not None else -1, Seen.UNKNOWN)


class Bash(Probing):
    """Scripts on this host."""

    def __init__(self, host: Host | None = None) -> None:
        self._host = host or Host()

    def act(self, order: Order) -> Outcome:
        """Run the script."""
        return self._run(order.text, order.timeout_s).outcome()

    def probe(self, order: Order) -> Seen:
        """Run the probe."""
        return seen_of(self._run(order.probe, order.timeout_s).code) if order.probe else Seen.UNKNOWN

    def _run(self, script: str, timeout_s: float) -> Ended:
        return self._host.run(["bash", "--noprofile", "--norc", "-s"], timeout_s=timeout_s, text=script)


class Manual(Probing):
    """A task for a person never comes here while a run is live; it is a wait of the engine."""

    def act(self, order: Order) -> Outcome:
        """Refused."""
        return Outcome(ok=False, reason="a manual task is done by a person")

    def probe(self, order: Order) -> Seen:
        """Nobody knows but the person."""
        return Seen.UNKNOWN

    def effects(self, order: Order) -> tuple[Effect, ...]:
        """What is declared; the platform itself changes nothing."""
        return order.effects


class Ssh(Probing):
    """Scripts on other hosts. A host key that is not in ``known_hosts`` is refused; nothing is learned by itself."""

    def __init__(self, secrets: Secrets, known_hosts: Path) -> None:
        self._secrets = secrets
        self._known_hosts = known_hosts

    def act(self, order: Order) -> Outcome:
        """Run the script there."""
        code, out, err = self._there(order, self._script(order.text))
        output = {"stdout": clipped(out), "stderr": clipped(err), "exit_code": str(code)}
        return Outcome(ok=code == 0, output=output, reason="" if code == 0 else f"exit {code}: {err.strip()[-300:]}")

    def probe(self, order: Order) -> Seen:
        """Run the probe there."""
        return seen_of(self._there(order, order.probe)[0]) if order.probe else Seen.UNKNOWN

    def _script(self, text: str) -> str:
        return text

    def _there(self, order: Order, script: str) -> tuple[int | None, str, str]:
        target = order.target
        if target is None:
            raise AppError(ErrorKind.INVALID, "playbooks.act.no_target", place=order.step)
        found: tuple[int | None, str, str] = _run_bounded(self._connect(order, target, script), order.timeout_s)
        return found

    async def _connect(self, order: Order, target: Party, script: str) -> tuple[int | None, str, str]:
        options: dict[str, Any] = {"username": order.username or None, "known_hosts": str(self._known_hosts)}
        options |= self._credentials(order)
        async with asyncssh.connect(
            host_of(target), int(target.port or 22), config=None, agent_path=None, connect_timeout=20, **options
        ) as there:
            done = await there.run(script, check=False, encoding="utf-8", errors="replace")
            return done.exit_status, str(done.stdout or ""), str(done.stderr or "")

    def _credentials(self, order: Order) -> dict[str, Any]:
        if not order.secret:
            return {"client_keys": None, "password": None}
        value = self._secrets.get(order.secret)
        if "PRIVATE KEY-----" in value:
            return {"client_keys": [asyncssh.import_private_key(value)]}
        return {"client_keys": None, "password": value}


class PowerShell(Ssh):
    """PowerShell scripts on the far side of ssh, as ``pwsh -EncodedCommand``: no shell there reads the script."""

    def _script(self, text: str) -> str:
        coded = base64.b64encode(text.encode("utf-16-le")).decode()
        return f"pwsh -NoLogo -NoProfile -NonInteractive -EncodedCommand {coded}"


def host_of(party: Party) -> str:
    """The first address of a target."""
    for kind in ("dname", "ipv4", "ipv6"):
        for each in party.address.get(kind, ()):
            return str(each)
    raise AppError(ErrorKind.INVALID, "playbooks.act.no_address", place=party.name)


def _run_bounded(work: Coroutine[Any, Any, Any], timeout_s: float) -> Any:
    async def bounded() -> Any:
        return await asyncio.wait_for(work, timeout_s)

    try:
        return asyncio.run(bounded())
    except TimeoutError:
        return None, "", "timeout"
    except (asyncssh.Error, OSError) as error:
        raise AppError(
            ErrorKind.UNAVAILABLE, "playbooks.act.unreachable", place="ssh", problem=str(error)[:200]
        ) from None
