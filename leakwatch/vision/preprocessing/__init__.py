"""Stored values to log attenuation: exposed field, lag, polarity, distortion."""
