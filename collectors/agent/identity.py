"""The agent's identity on another host: the authority it trusts, its key and certificate, and when to renew them.

Keys and requests are made, and signatures judged, by a short-lived child process (``collectors.agent.key_work``): the
agent itself never loads a library for it and stays small.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import ssl
import sys
import time
from pathlib import Path
from typing import Any

import msgspec

from collectors.agent.channel import Channel, TlsChannel, UnknownChannel
from collectors.agent.wire import (
    Ask,
    Authority,
    Certified,
    Enrol,
    Refusal,
    Renew,
    ToAgent,
    decoder_of,
    pack,
    read_message,
)
from infra.durable import replace_file
from infra.errors import AppError, ErrorKind

_log = logging.getLogger(__name__)
ANSWER_S = 30.0
LOOK_S = 3600.0
_MAX_ANSWER = 64 << 10


class Known(msgspec.Struct, frozen=True):
    """What the agent remembers of itself."""

    agent: str
    name: str
    renew_at: float


class AgentIdentity:
    """The identity kept in ``folder``, good for ingest at ``host`` and ``port``."""

    def __init__(self, folder: Path, host: str, port: int) -> None:
        self._folder = folder
        self._host, self._port = host, port
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    @property
    def authority(self) -> Path:
        """The certificate of the authority, PEM."""
        return self._folder / "authority.crt"

    @property
    def _pair(self) -> Path:
        return self._folder / "agent.pem"

    @property
    def known(self) -> Known | None:
        """Who the agent is; None before it was enrolled."""
        try:
            return msgspec.json.decode((self._folder / "agent.json").read_bytes(), type=Known)
        except (FileNotFoundError, msgspec.MsgspecError):
            return None

    def channel(self) -> Channel:
        """To ingest, as this agent."""
        return TlsChannel(self._host, self._port, self.authority, self._pair)

    async def enrol(self, token: str, host: str, software: str = "") -> Known:
        """Become an agent by a one-time ``token``: the authority it names is fetched and compared, then told the
        secret. Comes again while ingest does not answer; ``AppError`` where it refuses.
        """
        secret, _, fingerprint = token.strip().partition(".")
        if not secret or len(fingerprint) != 64:
            raise AppError(ErrorKind.INVALID, "collectors.agent.token_malformed", place="--enrol")
        await self._insist(lambda: self._meet(fingerprint))
        request = await key_work("request", str(self._folder / "first.key"), host[:60] or "agent")
        channel = TlsChannel(self._host, self._port, self.authority)
        certified = await self._insist(lambda: _converse(channel, Enrol(secret, request, host, software), Certified))
        return self._keep(certified, self._folder / "first.key")

    async def renew(self) -> Known:
        """A new certificate over a new key; the old pair is good until ingest answers."""
        request = await key_work("request", str(self._folder / "next.key"), "agent")
        certified = await _converse(self.channel(), Renew(request), Certified)
        return self._keep(certified, self._folder / "next.key")

    async def keep_fresh(self, look_s: float = LOOK_S) -> None:
        """Renew in time, for ever."""
        while True:
            known = self.known
            if known is not None and time.time() >= known.renew_at:
                try:
                    await self.renew()
                    _log.info("agent.renewed")
                except (OSError, asyncio.IncompleteReadError, TimeoutError, ValueError, AppError):
                    _log.exception("agent.renew_failed")
            await asyncio.sleep(look_s)

    async def _insist(self, attempt: Any) -> Any:
        wait = 0.5
        while True:
            try:
                return await attempt()
            except ssl.SSLCertVerificationError:
                raise AppError(ErrorKind.FORBIDDEN, "collectors.agent.server_unknown", place=self._place) from None
            except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
                _log.warning("agent.enrol_waits", extra={"place": self._place, "problem": str(error)})
            await asyncio.sleep(wait)
            wait = min(wait * 2, 10.0)

    async def _meet(self, fingerprint: str) -> None:
        answer = await _converse(UnknownChannel(self._host, self._port), Ask(), Authority)
        try:
            found = hashlib.sha256(ssl.PEM_cert_to_DER_cert(answer.certificate.decode("ascii"))).hexdigest()
        except ValueError:
            found = ""
        if found != fingerprint:
            raise AppError(ErrorKind.FORBIDDEN, "collectors.agent.server_unknown", place=self._place)
        replace_file(self.authority, answer.certificate, private=True)

    def _keep(self, certified: Certified, key: Path) -> Known:
        replace_file(self._pair, key.read_bytes() + certified.certificate, private=True)
        known = Known(certified.agent, certified.name, certified.renew_at)
        replace_file(self._folder / "agent.json", msgspec.json.encode(known), private=True)
        key.unlink(missing_ok=True)
        return known

    @property
    def _place(self) -> str:
        return f"{self._host}:{self._port}"


async def _converse(channel: Channel, message: Any, kind: Any) -> Any:
    reader, writer = await channel.open()
    try:
        async with asyncio.timeout(ANSWER_S):
            writer.write(pack(message))
            await writer.drain()
            answer = await read_message(reader, decoder_of(ToAgent), _MAX_ANSWER)
    finally:
        writer.transport.abort()
    if isinstance(answer, Refusal):
        code = answer.code if answer.code in REFUSALS else "refused"
        raise AppError(ErrorKind.FORBIDDEN, f"collectors.fleet.{code}")
    if not isinstance(answer, kind):
        raise ValueError(f"ingest answered with {type(answer).__name__}")
    return answer


REFUSALS = ("token_refused", "agent_refused", "request_wrong", "certificate_needed")


async def key_work(*words: str, standard_input: bytes = b"") -> bytes:
    """What the child process prints; ``AppError(ENVIRONMENT)`` where it failed."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "collectors.agent.key_work", *words,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    printed, complaint = await child.communicate(standard_input)
    if child.returncode:
        problem = complaint.decode("utf-8", "replace").strip().rpartition("\n")[2][:200]
        raise AppError(ErrorKind.ENVIRONMENT, "collectors.agent.key_work_failed", problem=problem)
    return printed
