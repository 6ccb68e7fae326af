"""Numbers the requirements leave open; a site may set its own."""

from __future__ import annotations

from typing import Annotated

from infra.settings import Section, doc


class Thresholds(Section, frozen=True):
    """What counts as good enough; the requirements name no numbers, these are common practice."""

    password_length: Annotated[int, doc("least length of a password", ge=0)] = 8
    password_classes: Annotated[int, doc("least number of kinds of characters in a password", ge=0)] = 3
    password_max_days: Annotated[int, doc("days after which a password must change", ge=0)] = 90
    password_warn_days: Annotated[int, doc("days of warning before a password expires", ge=0)] = 7
    password_history: Annotated[int, doc("earlier passwords that may not be used again", ge=0)] = 3
    lock_attempts: Annotated[int, doc("most failed logins before an account locks", ge=0)] = 6
    lock_seconds: Annotated[int, doc("least seconds a locked account stays locked", ge=0)] = 300
    idle_seconds: Annotated[int, doc("most seconds an idle session lives", ge=0)] = 1800
    unused_days: Annotated[int, doc("days without login after which an account is unused", ge=0)] = 90
    signature_days: Annotated[int, doc("most days since the anti-malware signatures were renewed", ge=0)] = 30
    patch_list_days: Annotated[int, doc("most days since the list of security updates was fetched", ge=0)] = 14
    retention_days: Annotated[int, doc("days logs are kept at least", ge=0)] = 183
