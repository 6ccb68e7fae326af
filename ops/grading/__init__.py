"""Grading (定级): which protection level has an object, by both matrices, and does the result keep the rules?

In: objects with the harm people ticked for business information (S) and system service (A).
Out: S, A and level per matrix, violated rules, the grading report.
"""
