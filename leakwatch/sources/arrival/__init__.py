"""DICOM objects that arrive one after another, in a watched folder or from another source."""
