"""Who acts on the command line: the system user that may read the data folder."""

from __future__ import annotations

import getpass
import os

from infra.web.seams import Actor


def console_actor() -> Actor:
    """The actor the ledger shows for a command; whoever can write the data folder is trusted like the platform."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = str(os.getuid())
    return Actor(id=f"console:{os.getuid()}", name=f"console ({name})", kind="service")
