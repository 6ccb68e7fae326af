"""The ledger: an append-only hash tree of everything people and playbooks change. It holds no keys.

In: audit entries in the change's own transaction.  Out: leaves, tree heads, inclusion and consistency proofs.
"""
