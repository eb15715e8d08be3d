"""Calibration: pixel spacing at the vertebra from several sources, and calibration files.

Images are measured in `calibrating`; this package contains the rules and the format.
"""
