"""Marking and calibrating on the image of a window."""
