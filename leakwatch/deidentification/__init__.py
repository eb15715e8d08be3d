"""DICOM files copied without the patient: header, pixels and text written anew."""
