"""A name in any element that is read of a header passes no log, whatever is said of the element."""

from __future__ import annotations

import json
import logging

import injection
import pydicom
import pytest
from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag

from leakwatch.calibration.calibration_file import AppliesTo, find_mismatches
from leakwatch.config import Settings
from leakwatch.core.errors import LeakWatchError
from leakwatch.diagnostics.log_file import FIELDS, JsonLines
from leakwatch.diagnostics.log_redaction import Redactor
from leakwatch.runner.stored_run import open_run
from leakwatch.sources.dicom.acquisition_tags import READ_KEYWORDS
from leakwatch.sources.dicom.run_identity import IDENTITY_KEYWORDS
from leakwatch.sources.stored_runs import find_runs

IN_META = ("TransferSyntaxUID", "MediaStorageSOPClassUID", "MediaStorageSOPInstanceUID")
ELEMENTS = sorted({*READ_KEYWORDS, *IDENTITY_KEYWORDS})
APPLIES_TO = AppliesTo(240, 240, manufacturer="a maker", model="a model")
SETTINGS = Settings().calibration
# What a device may write in place of what belongs there: text, and text between numbers.
NAMES = (b"XENIA^JANE", b"1\\XENIA^JANE")


@pytest.fixture(scope="module")
def dicom(tmp_path_factory):
    path = tmp_path_factory.mktemp("dicom") / "cine.dcm"
    injection.write_dicom(path)
    return path


def planted(dicom, folder, keyword, value, as_folder=False):
    """Write a sequence with `value` in `keyword`; return its path."""
    path = folder / "cine.dcm"
    dataset = pydicom.dcmread(dicom)
    if keyword in IN_META:
        # pydicom refuses to write it: in the bytes, one name in place of another.
        before = dataset.file_meta[keyword].value.encode()
        path.write_bytes(
            dicom.read_bytes().replace(before, value.ljust(len(before))[: len(before)], 1)
        )
    else:
        tag = Tag(tag_for_keyword(keyword))
        dataset._dict[tag] = RawDataElement(tag, "LO", len(value), value, 0, False, True)
        dataset.save_as(path, enforce_file_format=False)
    return folder if as_folder else path


def logged(path):
    """Log what opening and reading a sequence say; return the text of the log."""
    formatter, lines = JsonLines(Redactor([str(path)], read=[path])), []

    def log(message, error=None, **fields):
        given = (type(error), error, None) if error is not None else None
        record = logging.LogRecord("leakwatch", 20, "", 0, "told: %s", (message,), given)
        setattr(record, FIELDS, fields)
        lines.append(formatter.format(record))

    try:
        found = find_runs(path)
        for what in (*(one.told for one in found.runs), *(why for _, why in found.refused)):
            log(what)
        run = open_run(path, Settings())
        try:
            differences, _ = find_mismatches(APPLIES_TO, run.acquisition, None, SETTINGS)
            for note in (*run.acquisition.notes, *run.warnings, *differences):
                log(note, fault=note)
            next(run.frames)
        finally:
            run.source.close()
    except LeakWatchError as error:
        log(error, error, fault=str(error), whys=[str(error)])
    assert all(map(json.loads, lines))
    return "\n".join(lines)


@pytest.mark.parametrize("as_folder", [False, True], ids=["file", "folder"])
@pytest.mark.parametrize("keyword", [*ELEMENTS, *IN_META])
def test_a_name_in_an_element_is_not_logged(dicom, tmp_path, keyword, as_folder):
    for value in NAMES:
        path = planted(dicom, tmp_path, keyword, value, as_folder)
        assert "XENIA" not in logged(path).upper()
