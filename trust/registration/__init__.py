"""Registration: from request to certificate, and back again.

Question: who asked for this certificate, who approved it, and may it be issued now?
In: PKCS#10 requests, signed approvals.  Out: certificates issued once, renewals, revocations.
(ACME, EST and dual certificates join here later: they are other ways to submit and to fetch.)
"""
