"""Metrics over cases with intervals, as a file and as a web page."""
