"""Anatomy from a CT with labels of its vertebrae, in NIfTI or DICOM."""
