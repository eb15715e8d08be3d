"""Stored sequences: opened with their case, analysed, and opened again after recording."""
