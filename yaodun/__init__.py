"""The door: command line and wiring.

Question: which rooms does each service and each command need?
In: arguments and settings.  Out: running services and answers on the terminal.
"""

__version__ = "0.1.0"
