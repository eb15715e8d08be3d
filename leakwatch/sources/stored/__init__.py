"""Sequences on disk: opened, replayed at their own timing, read ahead, compared."""
