"""Where the PKI lies and where the signer listens."""

from __future__ import annotations

from pathlib import Path

from infra.home import Home


def socket_of(home: Home) -> Path:
    """Where the signer listens."""
    return home.run / "signer.sock"


def pki_of(home: Home) -> Path:
    """Where keys and PKI database lie."""
    return home.root / "pki"
