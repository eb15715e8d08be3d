"""The cases on this machine: a folder for each, and how a stored sequence gets there."""
