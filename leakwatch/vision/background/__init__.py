"""Baseline without cement, corrected for drift of brightness and for breathing."""
