"""The cement-free picture: kept true while brightness drifts and the patient breathes."""
