"""Frames and lines put on the disk while they come: whole whatever happens, and recovered."""
