"""Diagnostics: the log of a session, without pixels or patient data, and the times of stages."""
