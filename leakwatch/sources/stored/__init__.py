"""Stored sequences: opening, replay with original timing, reading ahead, comparison."""
