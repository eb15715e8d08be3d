"""DICOM objects: header, frame positions, decoding, frame times."""
