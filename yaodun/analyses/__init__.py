"""The kinds of ``yaodun analyse``: one file a kind, with ``add(kinds)`` and ``run(args)`` like a command's.

In: a file of the operator's.  Out: one answer a row on standard output; exit 1 where something was found.
"""
