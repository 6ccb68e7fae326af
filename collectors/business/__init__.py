"""How do business events come in? Deliveries of other systems read as lines, judged, counted, and handed to the spool.

In: NDJSON, JSON, EPCIS, CSV (UTF-8 or GB18030), XML with a schema, rows of SQL.  Out: frames, and an exact account.
"""
