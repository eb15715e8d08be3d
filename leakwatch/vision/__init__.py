"""From pixels to findings: one package for each step, in pure functions over arrays.

A frame goes through preprocessing, liveness, registration, background, cannula, cement and vessels,
in the order that `pipeline.stages` has; vertebra is asked when marks are made.
"""
