"""Validation: may this certificate, message or signature be believed, by whom, and as of when?

Question: is there a path from the object to an accepted authority that every rule allows at that moment?
In: certificates, CMS, raw signatures, revocation lists, OCSP responses, anchors or a trust list, a moment.
Out: a verdict (valid, invalid, indeterminate) with reasons in words, the chain, and evidence to repeat it offline.
"""
