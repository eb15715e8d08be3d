"""Overlay video: frames with the findings drawn in them."""
