"""Alert levels, inactive rules, and coverage of a sequence."""
