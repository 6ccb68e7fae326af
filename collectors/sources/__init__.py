"""Sources: what the agent reads by itself on its host (metrics, inventory, files, journal, integrity).

In: the host.  Out: frames for the agent's spool, and a status that says what is not available here and what would
help.
"""
