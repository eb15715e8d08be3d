"""Blinding methods, which hide the vertebra or change the image, and their evaluation."""
