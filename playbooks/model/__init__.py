"""CACAO 2.0 playbooks: read, judged, repaired where that is honest, typed, signed.

Question: is this document a playbook that may run, and if not, what is wrong where?
In: JSON or YAML octets.  Out: typed playbooks, findings with path and remedy, repaired documents, signatures.
"""
