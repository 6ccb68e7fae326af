"""What would the regulator's business look like on paper? Seeded worlds with normal life and injected wrongs.

In: a seed, days, a number of codes, knobs.  Out: events and truth in the fixed file format, the same bytes every time.
Written from the description of the business alone: it shares nothing with the detectors.
"""
