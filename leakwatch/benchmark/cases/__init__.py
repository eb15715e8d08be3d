"""The cases of a set, and what is known of each."""
