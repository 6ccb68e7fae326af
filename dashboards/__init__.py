"""Floor 5, what people see.

Question: how do business, security and systems stand, and what must I do next?
In: the read sides of every room below.  Out: pages, live updates, the wallboard.
"""
