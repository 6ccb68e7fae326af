"""The shipped playbooks, pinned by hash, and which of them fits a case.

Question: which ready answers are there for this alert, and with what values?
In: YAML files and their pins, rules and entities of alerts.  Out: judged documents, fits with inputs filled in.
"""
