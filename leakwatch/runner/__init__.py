"""Stored runs: opened with their case, folded over, analysed into files, opened again."""
