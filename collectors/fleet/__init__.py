"""The fleet: the agents on other hosts, who they are, what they are told to collect, and how they are.

In: one-time tokens, certification requests, people's decisions, beats.  Out: certificates, signed configurations, who
may deliver.
"""
