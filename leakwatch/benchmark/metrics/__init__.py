"""Agreement of a detector's results with the truth of a case."""
