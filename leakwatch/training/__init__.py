"""Training to recognise when to stop: scores, records, curves, and texts."""
