"""What does the platform look like with a site on it? Fourteen labelled, simulated systems and an attack on them.

In: a seed.  Out: events through the platform's own receivers, assets in the register, and what to look at.
"""
