"""Shift of the anatomy since the reference frame, and whether the anatomy matches."""
