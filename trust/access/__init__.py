"""Access: may this actor do this to that? Denied unless a role allows it.

In: an actor, an action, a thing.  Out: a decision with the rule that made it; denials enter the ledger.
"""

from trust.access.decide import Access
from trust.access.roles import Role, RoleBook, role_book

__all__ = ["Access", "Role", "RoleBook", "role_book"]
