"""Execution of a detector on each case, locally or on a cluster, with stored results."""
