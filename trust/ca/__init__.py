"""Certification authorities: any number of them, from profile to certificate to revocation list.

Question: what exactly does this certificate say, may it say so, and how is it taken back?
In: profiles, requests, keys.  Out: certificates linted before they are signed, lists, audit rows in one transaction.
"""
