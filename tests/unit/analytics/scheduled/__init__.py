"""Tests of the scheduled analytics."""
