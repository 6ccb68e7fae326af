"""Floor 3, work.

Question: what has to be done, by whom, until when, and is it done?
In: signals, findings, the register, the calendar.  Out: alerts, incidents, work orders, gradings,
filings, bulletins, reports.
"""
