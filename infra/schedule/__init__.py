"""Schedules as rows: what has to run when, so that a restart loses and doubles nothing."""
