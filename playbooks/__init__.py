"""Floor 4, response.

Question: which steps answer this situation, may they run, and can they be undone?
In: CACAO playbooks, approvals, targets.  Out: durable runs with evidence for each step.
"""
