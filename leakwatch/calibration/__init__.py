"""Millimetres per pixel at the vertebra: the ladder of where they come from, and calibration files.

Images are measured in `calibrating`; here are the rules and the format.
"""
