"""The detectors, one small file a family. Each is a function of the desk that yields findings.

In: a ``Desk`` (book, custody, thresholds).  Out: findings, each about one document or thing.
"""
