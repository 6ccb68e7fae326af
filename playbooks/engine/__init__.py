"""Runs that survive anything: a run is rows; each act is intent, then act, then result.

Question: where does each run stand, what does it do next, and what became of an act that a crash cut off?
In: playbooks, inputs, answers of people, the time.  Out: acts, each at most once without being asked again.
"""
