"""Shared image processing: medians, resampling, connected components."""
