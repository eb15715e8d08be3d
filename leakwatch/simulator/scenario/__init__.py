"""Scenarios of simulated sequences, from TOML: sections, named C-arms, shutter."""
