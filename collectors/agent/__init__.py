"""The agent: runs the sources of one host, spools what they give, forwards it until it is acknowledged.

In: sources, a spool, the address of ingest.  Out: frames on the local socket, in order, each exactly once.
"""
