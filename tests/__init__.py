"""Tests: unit mirrors the folders; contract, integration, browser and faults stand beside it."""
