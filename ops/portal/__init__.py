"""The portal: what waits for a person, gathered from every room.

Question: what do I have to do, by when?
In: ``TodoSource``s of trust, ops and playbooks.  Out: one list per person, the most urgent first.
"""

from ops.portal.todo import Portal, TodoSource

__all__ = ["Portal", "TodoSource"]
