"""Floor 1, trust: who and what is trusted.

Question: who acts, with which right, under which key or certificate, and who can prove it later?
In: credentials, certificates, requests, approvals.  Out: identities, decisions, signatures, verdicts,
signed checkpoints.
"""
