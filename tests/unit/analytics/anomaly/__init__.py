"""Tests of the tabular detectors."""
