"""Where results go: records, recordings, overlay video, trend, report, DICOM objects.

A sink keeps the contract of `core.protocols`; `workers` let one run on a thread of its own.
"""
