"""Anatomy before cement, as voxel volumes, and its projection."""
