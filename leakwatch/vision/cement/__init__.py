"""Attenuation added since the baseline, as a mask of cement, and the limit of detection."""
