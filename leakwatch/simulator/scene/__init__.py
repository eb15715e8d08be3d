"""Scene of patient, cannula and C-arm, and their motion."""
