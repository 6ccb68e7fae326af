"""Floor 2, the analysing wing.

Question: what in the events is a threat, unusual, or a change of posture, and why?
In: normalised events, the register, indicators of every room.  Out: signals, anomalies, graphs, explained scores.
"""
