"""ssh, and powershell on the far side of ssh."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import asyncssh

from infra.errors import AppError, ErrorKind
from playbooks.actions.places import host_of
from playbooks.actions.secrets import Secrets
from playbooks.actions.shells import Probing, seen_of
from playbooks.engine.orders import Order, Outcome, Seen, clipped
from playbooks.model.playbook import Party


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
