"""Floor 2, the collecting wing.

Question: what happens on hosts, networks, clouds, devices and business systems right now?
In: bytes of every source.  Out: spooled frames, parsed ECS events, and an exact account of what was lost.
"""
