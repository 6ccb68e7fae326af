"""Tests of correlations."""
