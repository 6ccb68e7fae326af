"""Which measured series left its own habits, when, and where is it going?

In: values of thousands of series, one step at a time (NaN where none came), or a history.
Out: a calibrated surprise and alerts per series and step; silent sources; forecasts with bands.
"""
