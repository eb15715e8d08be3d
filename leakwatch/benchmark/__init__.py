"""Evaluate a detector, LeakWatch or any other, on cases with known truth."""
