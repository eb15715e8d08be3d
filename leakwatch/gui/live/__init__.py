"""Window of a live session, and its sound."""
