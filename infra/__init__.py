"""Floor 0, the ground everything stands on.

Question: what is an event, a record, a setting, an error, and where do they live safely?
In: bytes, rows and settings from every room.  Out: durable stores, the ledger, the register, the clock, the web shell.
"""
