"""View models: pure functions from what the rooms say to what a page shows; no Dash in here.

In: values of ``dashboards.rooms``.  Out: frozen dataclasses and words.
"""
