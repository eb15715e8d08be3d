"""Recording of frames and lines: written while they arrive, readable after a crash, repaired."""
