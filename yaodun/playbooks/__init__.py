"""The actions of ``yaodun playbook``, one file per kind of work.

Question: what does an operator do with playbooks by command?  In: files, keys, answers.  Out: verdicts, runs.
"""
