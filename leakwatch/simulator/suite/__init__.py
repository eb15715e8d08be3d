"""Suites of simulated cases, produced by parallel processes."""
