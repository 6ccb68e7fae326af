"""Identity: who is it? Accounts, passwords, one-time passwords, sessions, one-time links, tokens.

In: credentials, as hostile input.  Out: an ``Actor`` or nobody; every change of an account in the ledger.
"""

from trust.identity.account import FirstStart, Link, LinkState, Person, Redeemed, SecondFactor, SessionRow, SignedIn
from trust.identity.service import Identity

__all__ = [
    "FirstStart",
    "Identity",
    "Link",
    "LinkState",
    "Person",
    "Redeemed",
    "SecondFactor",
    "SessionRow",
    "SignedIn",
]
