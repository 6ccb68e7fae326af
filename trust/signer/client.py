"""Talking to the signer from other processes of this machine."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import orjson

from infra.errors import AppError, ErrorKind

MAX_ANSWER = 64 << 20


def ask_signer(path: Path, operation: str, timeout_s: float = 30.0, **arguments: Any) -> Any:
    """The answer of one operation; the signer's own ``AppError``, or one of kind UNAVAILABLE where it is not there."""
    frame = orjson.dumps({"operation": operation, "arguments": arguments})
    try:
        with socket.socket(socket.AF_UNIX) as plain:
            plain.settimeout(timeout_s)
            plain.connect(str(path))
            plain.sendall(len(frame).to_bytes(4, "big") + frame)
            size = int.from_bytes(_exactly(plain, 4), "big")
            if size > MAX_ANSWER:
                raise OSError("answer too large")
            found = orjson.loads(_exactly(plain, size))
    except (OSError, orjson.JSONDecodeError):
        raise AppError(ErrorKind.UNAVAILABLE, "trust.signer.not_running") from None
    if problem := found.get("problem"):
        raise AppError(ErrorKind(problem["kind"]), problem["key"], **problem["detail"])
    return found["answer"]


def answers(path: Path) -> bool:
    """Does a signer listen there? (A socket file may be left over from one that was killed.)"""
    if not path.exists():
        return False
    with socket.socket(socket.AF_UNIX) as plain:
        plain.settimeout(5)
        return plain.connect_ex(str(path)) == 0


def _exactly(plain: socket.socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        piece = plain.recv(min(1 << 16, size - len(parts)))
        if not piece:
            raise OSError("connection closed")
        parts += piece
    return bytes(parts)
