"""Tests of entity behaviour."""
