"""Training window: a case without alarms, its score, and its replay."""
