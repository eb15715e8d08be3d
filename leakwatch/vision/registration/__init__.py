"""Where the anatomy went since the reference frame, and whether it is the same."""
