"""Raw records made for a rule: the bytes a real source would send, so that parser, mapping and engine are proven
together.

In: a compiled rule set.  Out: per rule a record of a published format that fires it, or why none was found.
"""
