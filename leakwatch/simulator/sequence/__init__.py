"""Simulation of frames with their truth, and their files."""
