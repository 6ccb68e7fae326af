"""Unified record filing (统一备案): one record number per government system, apart from the police filing.

Question: is this system on record, does it meet the access rules, and which systems run without a record?
In: applications of units, reviews, what traffic and projects show.  Out: numbers that are never reused, their
verification, annual reviews, findings.
"""
