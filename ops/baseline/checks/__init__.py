"""The checks, one file per subject. Each registers itself with ``@check(id, requirement...)``."""
