"""A case is used with the sequence that it names, or a copy of that."""

from __future__ import annotations

import shutil
import zlib

import injection
import pydicom
import pytest
from held_memory import peak_of

from leakwatch.core.errors import CaseError
from leakwatch.sources.stored.same_sequence import check_same_sequence


@pytest.fixture
def sequence(tmp_path):
    path = tmp_path / "here" / "cine.dcm"
    path.parent.mkdir()
    injection.write_dicom(path)
    return path


def test_the_file_itself_by_any_path_is_the_same(sequence, tmp_path):
    link = tmp_path / "link.dcm"
    link.symlink_to(sequence)
    for path in (sequence, sequence.parent / ".." / "here" / "cine.dcm", link):
        check_same_sequence(path, sequence, "a.case.json")


def test_a_copy_is_the_same(sequence, tmp_path):
    copy = tmp_path / "copy.dcm"
    shutil.copy(sequence, copy)
    check_same_sequence(copy, sequence, "a.case.json")


def test_a_copy_that_was_cut_off_is_the_same_by_its_uid(sequence, tmp_path):
    cut = tmp_path / "cut.dcm"
    cut.write_bytes(sequence.read_bytes()[:-5000])
    check_same_sequence(cut, sequence, "a.case.json")


def test_a_copy_without_any_uid_is_the_same_by_its_bytes(tmp_path):
    one, other = tmp_path / "a.bin", tmp_path / "b.bin"
    one.write_bytes(b"x" * 3_000_000)
    other.write_bytes(b"x" * 3_000_000)
    check_same_sequence(one, other, "a.case.json")
    other.write_bytes(b"x" * 2_999_999 + b"y")
    with pytest.raises(CaseError, match=r"b\.bin"):
        check_same_sequence(one, other, "a.case.json")


def test_another_sequence_is_refused_with_both_names(sequence, tmp_path):
    other = tmp_path / "other.dcm"
    injection.write_dicom(other)
    with pytest.raises(CaseError) as caught:
        check_same_sequence(other, sequence, "a.case.json")
    message = str(caught.value)
    assert message.startswith("a.case.json: is the case of cine.dcm")
    for word in ("other.dcm", "leakwatch mark", "key dicom"):
        assert word in message


def test_what_is_not_there_is_compared_by_its_name(sequence, tmp_path):
    check_same_sequence(sequence, tmp_path / "gone" / "cine.dcm", "a.case.json")
    with pytest.raises(CaseError, match="which is not at"):
        check_same_sequence(sequence, tmp_path / "gone.dcm", "a.case.json")


def test_folders_are_the_same_by_their_series(sequence, tmp_path):
    """Copies of a folder of single frames, and a part of a recorded session in its folder."""
    check_same_sequence(sequence.parent, sequence, "a.case.json")
    for name, uid in (("one", "1.2.3"), ("two", "1.2.3"), ("three", "1.2.4")):
        (tmp_path / name).mkdir()
        dataset = pydicom.dcmread(sequence)
        dataset.SeriesInstanceUID = uid
        dataset.save_as(tmp_path / name / "1.dcm")
    check_same_sequence(tmp_path / "one", tmp_path / "two", "a.case.json")
    with pytest.raises(CaseError, match="three"):
        check_same_sequence(tmp_path / "three", tmp_path / "one", "a.case.json")


def test_a_deflated_file_is_compared_without_inflating_it(tmp_path):
    """100 kB that become 100 MB; what is not read is another sequence."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    element = b"\x09\x00\x10\x10" + (100 << 20).to_bytes(4, "little")
    uid = b"\x02\x00\x10\x00UI\x16\x001.2.840.10008.1.2.1.99"
    head = bytes(128) + b"DICM\x02\x00\x00\x00UL\x04\x00\x1e\x00\x00\x00" + uid
    bomb = tmp_path / "bomb.dcm"
    bomb.write_bytes(head + packer.compress(element + bytes(100 << 20)) + packer.flush())
    other = tmp_path / "other.dcm"
    other.write_bytes(bomb.read_bytes() + b"\0")

    def compare():
        with pytest.raises(CaseError):
            check_same_sequence(bomb, other, "a case")

    assert peak_of(compare) < 4 << 20
