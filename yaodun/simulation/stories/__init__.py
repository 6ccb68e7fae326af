"""The wrongs that are hidden in a simulated world and, for each, what resembles it and is right.

In: a world and honest supply.  Out: events on its tape and the truth about them.  One file a family of detectors.
"""
