"""Replay window: a run, frame by frame, over what the fold has found."""
