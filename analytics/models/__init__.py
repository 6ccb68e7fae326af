"""Which model judged, what was it taught on, is it still right, and who let it judge?

In: fitted detectors, their training data, dispositions of alerts.
Out: signed artefacts, states with rollback, drift findings, what feedback has taught.
"""
