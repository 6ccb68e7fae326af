"""Commands over SSH on hosts without an agent: bounded in time and size, the host known by its key."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import asyncssh
import msgspec

from collectors.pollers.seams import PollerSettings
from collectors.pollers.secret import Secret, secret_of
from infra.errors import AppError, ErrorKind

MAX_OUTPUT = 4 << 20


class SshError(Exception):
    """No answer, or not the right host; the text says which."""


class SshTarget(PollerSettings, frozen=True, kw_only=True):
    """How a host is reached. ``password`` names a secret, ``key`` is a file. ``host_key`` is the one line of its public
    key (``ssh-keyscan``); ``known_hosts`` a file of them; one of both is needed: a host that cannot prove itself is
    not asked."""

    host: str
    port: Annotated[int, msgspec.Meta(ge=1, le=65_535)] = 22
    user: str
    password: str = ""
    key: str = ""
    host_key: str = ""
    known_hosts: str = ""
    timeout_s: Annotated[float, msgspec.Meta(gt=0, le=300)] = 30.0


class Output(msgspec.Struct, frozen=True):
    """What a command wrote, and its exit status; -1 where it gave none."""

    text: str
    status: int


async def run_commands(target: SshTarget, commands: list[str]) -> list[Output]:
    """The output of each command, in order, over one connection; ``SshError``."""
    password = secret_of(target.password)
    try:
        async with asyncio.timeout(target.timeout_s):
            async with await _connect(target, password) as connection:
                return [await _run(connection, command) for command in commands]
    except TimeoutError:
        raise SshError(f"no answer within {target.timeout_s:g} s") from None
    except asyncssh.HostKeyNotVerifiable:
        raise SshError("the host shows another key than the one that was given") from None
    except asyncssh.PermissionDenied:
        raise SshError("the host does not let this user in") from None
    except (asyncssh.Error, OSError) as error:
        words = getattr(error, "reason", "") or getattr(error, "strerror", "") or str(error)
        raise SshError(str(words)[:200]) from None


async def _connect(target: SshTarget, password: Secret) -> Any:
    name = target.host if target.port == 22 else f"[{target.host}]:{target.port}"
    known: Any = target.known_hosts or asyncssh.import_known_hosts(f"{name} {target.host_key}\n")
    return await asyncssh.connect(
        target.host, target.port, username=target.user, password=password.reveal() or None,
        client_keys=[target.key] if target.key else [], known_hosts=known, config=None, agent_path=None,
        preferred_auth="publickey,password,keyboard-interactive",
    )  # fmt: skip


async def _run(connection: Any, command: str) -> Output:
    async with connection.create_process(command, encoding=None, stdin=asyncssh.DEVNULL) as process:
        octets = await process.stdout.read(MAX_OUTPUT)
        if len(octets) >= MAX_OUTPUT:
            raise SshError(f"{command[:60]}: the output is larger than {MAX_OUTPUT >> 20} MiB")
        done = await process.wait()
    status = done.exit_status if done.exit_status is not None else -1
    return Output(octets.decode("utf-8", "replace"), status)


def check_target(target: SshTarget) -> None:
    """``AppError(INVALID)`` where a host could not prove itself, or nothing would let us in."""
    if not (target.host_key or target.known_hosts):
        raise AppError(
            ErrorKind.INVALID, "collectors.poller_setting", place="host_key", problem="ssh-keyscan HOST shows it"
        )
    if not (target.password or target.key):
        raise AppError(ErrorKind.INVALID, "collectors.poller_setting", place="key", problem="key or password is needed")
    if target.key and not Path(target.key).is_file():
        raise AppError(ErrorKind.INVALID, "collectors.poller_setting", place="key", problem=f"{target.key} is no file")
