"""The work on each case: the detector is run, here or on a cluster, and its lines are kept."""
