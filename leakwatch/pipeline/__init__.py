"""Order of the steps for one frame: preprocess, evidence, measurement, state, fold.

`stages` is the one place where steps are put in order; `fold` lets a frame through them and through
the rules.
"""
