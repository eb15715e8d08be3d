"""Anatomy from a CT with labels of its vertebrae, NIfTI or DICOM."""
