"""The look: elements every page is composed of.

In: plain values.  Out: Dash components that wear the classes of ``assets/*.css``.
"""
