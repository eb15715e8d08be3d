"""Copies of DICOM files without patient identity: header, pixels and values are rewritten."""
