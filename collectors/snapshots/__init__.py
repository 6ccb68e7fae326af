"""Configurations of network devices, read over SSH: kept with secrets masked, compared by meaning.

Question: what in the configuration of this device changed, and is a secret in it?
In: the output of ``show running-config`` and its kin.  Out: a snapshot as inventory, an event with the difference.
"""
