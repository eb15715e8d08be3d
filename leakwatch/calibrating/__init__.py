"""Measure a C-arm: millimetres from objects of known size, distortion from a grid."""
