"""Frames with their truth, asked for, simulated, and written as files."""
