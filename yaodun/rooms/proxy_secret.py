"""What the TLS proxy and the site share, so that nobody else can speak for the proxy."""

from __future__ import annotations

from infra.home import Home
from trust.identity.credential import new_secret
from trust.keys.software import write_private


def proxy_secret(home: Home) -> str:
    """The secret; made when first asked for."""
    path = home.secrets / "proxy.key"
    if not path.exists():
        write_private(path, new_secret().encode())
    return path.read_text(encoding="ascii")
