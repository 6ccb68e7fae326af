"""Who is trusted: the site's own authorities and requests, the trust list, and judging what somebody brings.

Rows are mappings as the signer and the API answer with them (``trust/signer/core.py``, ``trust/trustlist/api.py``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

import msgspec

from infra.web.seams import Actor

Row = Mapping[str, Any]


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """The signer and its authorities. ``running`` false: it cannot be asked, and everything else is empty.
    ``heat`` counts certificates that end in each of the next 52 weeks, by authority."""

    running: bool
    initialised: bool = False
    sealed: bool = True
    shares_needed: int = 0
    software_keys: int = 0
    token_keys: int = 0
    authorities: tuple[Row, ...] = ()
    profiles: tuple[Row, ...] = ()
    approvers: tuple[Row, ...] = ()
    lists: tuple[Row, ...] = ()
    heat: Mapping[str, Sequence[int]] = {}


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants judged: the object (PEM or base64, with its chain), what was signed, when, for what."""

    object: str
    content: str = ""
    at: datetime | None = None
    name: str = ""
    purpose: str = ""


class ListView(msgspec.Struct, frozen=True, kw_only=True):
    """A version of the trust list (None: there is none yet), its entries, all versions, open drafts."""

    version: int | None
    issued: datetime | None = None
    next_update: datetime | None = None
    sha256: str = ""
    threshold: int = 0
    publishers: tuple[str, ...] = ()
    entries: tuple[Row, ...] = ()
    versions: tuple[int, ...] = ()
    drafts: tuple[Row, ...] = ()


class Pki(Protocol):
    """Each act checks rights, and the signer checks again; raises ``AppError``."""

    def standing(self) -> Standing: ...

    def requests(self) -> Sequence[Row]: ...

    def checks(self, request: str) -> Sequence[Row]: ...

    def certificates(self, text: str, authority: str) -> tuple[int, Sequence[Row]]: ...

    def matters(self) -> Sequence[Row]: ...

    def submit(self, actor: Actor, form: Row) -> Row: ...

    def issue(self, actor: Actor, request: str) -> Row: ...

    def revoke(self, actor: Actor, authority: str, serial: str, reason: str) -> Row: ...

    def renew(self, actor: Actor, authority: str, serial: str) -> Row: ...

    def voice(self, actor: Actor, matter: str, approve: bool) -> Row: ...

    def listed(self, version: int | None) -> ListView: ...

    def propose(self, actor: Actor, changes: Sequence[Row], added: Sequence[Row], removed: Sequence[str]) -> Row: ...

    def drop(self, actor: Actor, draft: str) -> None: ...

    def verify(self, actor: Actor, asked: Asked) -> Row: ...
