"""Outputs of results: records, recordings, overlay video, trend, report, DICOM objects.

A sink implements a protocol of `core.protocols`; `workers` run one on a separate thread.
"""
