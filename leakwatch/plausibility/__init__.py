"""Plausibility of marks and calibration: with each other, with anatomy and with the header."""
