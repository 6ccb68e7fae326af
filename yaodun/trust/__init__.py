"""The parts of ``yaodun trust``: verification, the PKI team's work, the trust list.

In: arguments.  Out: answers on the terminal and exit codes.
"""
