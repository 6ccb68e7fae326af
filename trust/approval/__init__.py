"""Approvals: n of m people say yes to exactly one thing before it happens.

Question: did enough people who may approve, none of them the one who asked, approve this very content, and does it
still hold?  In: matters, voices (signed where trust moves).  Out: states, things to do.
"""
