"""Settings of identity: how long things are good, and which password policy holds. Imports nothing heavy: every
process reads the settings."""

from __future__ import annotations

from typing import Annotated, Literal

from infra.settings import Section, doc


class Identities(Section, frozen=True):
    """Accounts and sessions."""

    password_policy: Annotated[
        Literal["graded", "asvs"],
        doc("graded: GB/T 22239, 10 characters of three kinds; asvs: OWASP ASVS 5, 12 characters of any kind."),
    ] = "graded"  # noqa: S105 - the name of a policy
    session_idle_min: Annotated[int, doc("Minutes without a request after which a session ends.", gt=0)] = 60
    session_hours: Annotated[int, doc("Hours after which a session ends in any case.", gt=0)] = 12
    link_minutes: Annotated[int, doc("Minutes the first one-time link is good.", gt=0)] = 60
    invitation_hours: Annotated[int, doc("Hours an invitation or a link for a new password is good.", gt=0)] = 72
    totp_steps_back: Annotated[
        int, doc("Older time steps whose code still counts (0: 30 seconds, as ASVS 6.5.5 asks).", ge=0, le=2)
    ] = 1
    certificate_level: Annotated[
        int, doc("Least assurance level of an authority whose certificates may sign in.", ge=1, le=4)
    ] = 2
