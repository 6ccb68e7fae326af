"""Host baseline: is this host (or a mounted tree of one) configured as the requirements ask?

In: a root folder, live or mounted.  Out: per check a verdict with evidence (file, line, text) and the reason in words.
What cannot be read is ``not_obtained``, never ``compliant``.
"""
