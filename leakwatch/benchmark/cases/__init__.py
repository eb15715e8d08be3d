"""Cases of a set, and their truth."""
