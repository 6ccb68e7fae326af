"""Where events live: one Protocol, an embedded store and OpenSearch behind it, one query tree for both.

In: batches of conformed events with their spool position.  Out: pages, counts and aggregations, the same on both.
"""
