"""The signer: the only process that holds authorities' keys.

Question: what may be signed now? Only what it builds itself from a profile, a request and approvals it checked.
In: requests over a local socket.  Out: certificates and lists, never a signature of octets that came in.
"""
