"""How well the lines of a detector agree with the truth of a case."""
