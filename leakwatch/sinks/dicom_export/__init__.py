"""DICOM objects of a case: structured report, segmentation, presentation states."""
