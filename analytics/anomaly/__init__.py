"""Which rows of a table are unusual, by how much, and because of which feature?

In: a training matrix and rows to judge (numpy), or entity vectors made from the event store.
Out: a calibrated surprise per row with its reasons; from the store adapter, signals.
"""
