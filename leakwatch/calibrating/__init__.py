"""Measurement of a C-arm: pixel spacing by objects of known size, distortion by a grid."""
