"""Sinks on threads of their own: for analysis, and for a live session that never waits."""
