"""Configurations that ingest sends: kept where the authority of agents signed them and they are newer, else refused."""

from __future__ import annotations

import logging
from pathlib import Path

import msgspec

from collectors.agent.identity import key_work
from collectors.fleet.configuration import Order, unpack_order
from infra.durable import replace_file
from infra.errors import AppError

__all__ = ["Order", "Orders"]
_log = logging.getLogger(__name__)


class Orders:
    """``path`` keeps the newest order as it came; ``authority`` is the certificate (PEM) that must have signed it."""

    def __init__(self, path: Path, authority: Path) -> None:
        self._path = path
        self._authority = authority

    async def recall(self) -> Order | None:
        """The order kept, judged anew."""
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return None
        return await self._judge(data)

    async def take(self, data: bytes, held: int) -> Order | None:
        """Keep an order that is genuine and newer than version ``held``; None otherwise, which the log tells."""
        order = await self._judge(data)
        if order is None or order.version <= held:
            _log.warning("agent.order_refused", extra={"held": held, "version": order.version if order else 0})
            return None
        replace_file(self._path, data)
        return order

    async def _judge(self, data: bytes) -> Order | None:
        try:
            _, order = unpack_order(data)
            await key_work("verify", str(self._authority), standard_input=data)
        except (msgspec.MsgspecError, AppError):
            _log.exception("agent.order_unsound")
            return None
        return order
