"""One wiring page per service: each file builds one service out of the rooms and runs it.

In: settings and the home folder.  Out: a running process.
"""
