"""Correlations: does a pattern over several hits hold within a time span, per group?

In: hits of rules in event time, slightly out of order.  Out: fired correlations with the hits behind them; state that
survives a restart.
"""

from analytics.rules.correlation.correlator import Correlator, Fired, Hit

__all__ = ["Correlator", "Fired", "Hit"]
