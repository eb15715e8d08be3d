"""Simulated injections with known truth: anatomy, cement, X-ray, detector, files.

It shares no number with the detector: nothing of `vision`, `pipeline` or `alerting` is imported.
"""
