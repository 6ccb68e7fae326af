"""Calendar: working days and the clocks the law starts.

Question: by when must it be done, and how late are we?
In: dates of gradings, filings, evaluations, drills, incidents; the calendar pack.  Out: deadlines, warnings, timers.
"""
