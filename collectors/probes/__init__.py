"""Active probes: is a service there, is its page still the same, is its certificate good, as seen from this agent?

In: addresses to look at.  Out: a measurement per look (a time-out is one too), events where something changed.
"""
