"""Flow records of network devices: NetFlow v5 and v9, IPFIX (RFC 7011) and sFlow v5, read by a decoder of our own.

Question: who spoke with whom through this device, how much, when, and how many records were lost on the way?
In: export packets over UDP.  Out: documents of the flows stream, samples of interface counters, an exact account.
"""
