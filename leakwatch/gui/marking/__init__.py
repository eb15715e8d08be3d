"""Marking and calibrating on the picture of a window."""
