"""Short-lived workers: heavy work in a process of its own, so that its libraries and memory go with it.

In: the data folder.  Out: signals counted on alerts, and one line of JSON about what was done.
"""
