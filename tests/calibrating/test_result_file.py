"""What was measured, written and read again; and that it is never written over by chance."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from measured_c_arm import C_ARM, acquisition

from leakwatch.calibrating.result_file import (
    default_path,
    make_applies_to,
    make_calibration_file,
    user_folder,
    write_calibration,
)
from leakwatch.calibration.calibration_file import DistortionTable, Measured, load_calibration_file
from leakwatch.calibration.spacing_ladder import resolve_calibration
from leakwatch.core.errors import CalibrationError
from leakwatch.core.frame import View
from leakwatch.core.marks import CaseFile, Marks

RUN = acquisition(replace(C_ARM, field_of_view_mm=230.0), model_name='C "7"')
TABLE = DistortionTable(1, 250.0, 0.1, 0.2, 140, [0.0, 9.7, -1.25e-7], [0.0, 0.0, 9.7])


def made(name="Room 2, lateral", view=View.LATERAL):
    return make_calibration_file(
        name, make_applies_to(RUN, view), measured=Measured(0.25, 0.004), distortion=TABLE
    )


def test_it_reads_back_and_fits_the_frames_that_it_was_measured_on(tmp_path):
    path = tmp_path / "deep" / "room-2.toml"
    write_calibration(path, made(), "How it was measured.\nSecond line.")
    assert load_calibration_file(path) == made()
    found = resolve_calibration(RUN, CaseFile("a.dcm", Marks(view=View.LATERAL)), path)
    assert (found.mm_per_px, found.mm_per_px_sigma) == (0.25, 0.004)
    assert found.source == "calibration file room-2.toml"
    assert found.distortion is not None
    other = replace(RUN, geometry=replace(RUN.geometry, field_of_view_mm=150.0))
    with pytest.raises(CalibrationError, match="field_of_view_mm is 230, the frame has 150"):
        resolve_calibration(other, CaseFile("a.dcm", Marks(view=View.LATERAL)), path)


@given(st.text(min_size=1, max_size=80).filter(str.strip))
def test_any_name_is_written(tmp_path_factory, name):
    path = tmp_path_factory.mktemp("names") / "one.toml"
    try:
        write_calibration(path, made(name), "")
    except UnicodeEncodeError:
        pytest.fail("a name cannot be written")
    assert load_calibration_file(path).name == name


def test_nothing_is_written_over_by_chance(tmp_path):
    path = tmp_path / "room-2.toml"
    write_calibration(path, made(), "")
    before = path.read_bytes()
    with pytest.raises(CalibrationError, match="the file exists"):
        write_calibration(path, made("Other"), "")
    assert path.read_bytes() == before
    write_calibration(path, made("Other"), "", replace=True)
    assert load_calibration_file(path).name == "Other"
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_tag_says_of_the_c_arm_stays_in_its_line(tmp_path):
    path = tmp_path / "x.toml"
    write_calibration(path, made('a"\n[geometry]\x1b'), 'by a"\nmm_per_px = 9\x1b[2J\x07')
    assert load_calibration_file(path).name == 'a"\n[geometry]\x1b'
    assert "\x1b" not in path.read_text()


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CalibrationError, match="cannot be written"):
        write_calibration(tmp_path / "file" / "x.toml", made(), "")
    with pytest.raises(CalibrationError, match=r"ends with \.toml"):
        write_calibration(tmp_path / "x.json", made(), "")


def test_the_users_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("LEAKWATCH_CALIBRATION", str(tmp_path))
    assert user_folder() == tmp_path
    assert default_path("Maker of C-arms, lateral") == tmp_path / "maker-of-c-arms-lateral.toml"
    assert default_path("…") == tmp_path / "c-arm.toml"
    monkeypatch.delenv("LEAKWATCH_CALIBRATION")
    assert user_folder().name == "calibration"
