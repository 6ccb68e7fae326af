"""Tests of the analytics rooms."""
