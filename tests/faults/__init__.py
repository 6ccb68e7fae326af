"""Tests that kill, cut or starve something."""
