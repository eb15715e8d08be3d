"""Cannula: position and appearance of a straight steel rod, and what it hides."""
