"""What the TLS proxy and the site share, so that nobody else can speak for the proxy."""

from __future__ import annotations

from infra.durable import replace_file
from infra.home import Home
from trust.identity.credential import new_secret


def proxy_secret(home: Home) -> str:
    """The secret; made when first asked for."""
    path = home.secrets / "proxy.key"
    if not path.exists():
        replace_file(path, new_secret().encode(), private=True)
    return path.read_text(encoding="ascii")
