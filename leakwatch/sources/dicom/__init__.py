"""DICOM objects: header and tags, where frames lie, how they are decoded, when they were taken."""
