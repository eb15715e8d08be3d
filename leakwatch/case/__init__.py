"""The files around a case: NAME.case.json, NAME.truth.json, frames.jsonl and events.jsonl."""

from __future__ import annotations

from leakwatch.case.case_file import (
    CASE_SCHEMA,
    CASE_SUFFIX,
    case_beside,
    check_fits,
    decode_case,
    dicom_path,
    encode_case,
    load_case,
)
from leakwatch.case.records import (
    FrameRecord,
    event_line,
    frame_line,
    frame_record,
    read_events,
    read_frames,
)
from leakwatch.case.truth_file import (
    MASKS_SUFFIX,
    TRUTH_SCHEMA,
    TRUTH_SUFFIX,
    encode_truth,
    load_truth,
    truth_path,
)

__all__ = [
    "CASE_SCHEMA",
    "CASE_SUFFIX",
    "MASKS_SUFFIX",
    "TRUTH_SCHEMA",
    "TRUTH_SUFFIX",
    "FrameRecord",
    "case_beside",
    "check_fits",
    "decode_case",
    "dicom_path",
    "encode_case",
    "encode_truth",
    "event_line",
    "frame_line",
    "frame_record",
    "load_case",
    "load_truth",
    "read_events",
    "read_frames",
    "truth_path",
]
