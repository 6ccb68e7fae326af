"""Controls: is each requirement of GB/T 22239 met, on which asset, and what proves it?

In: facts from telemetry, host baselines and registers; people's verdicts.  Out: verdict per object, unit and asset with
evidence; high-risk cases that fire; drift between what people said and what is seen.
"""
