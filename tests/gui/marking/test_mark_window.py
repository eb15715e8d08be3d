"""Marking and calibrating in the real window, offscreen: click, drag, draw, measure, save."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hand import Hand
from PySide6.QtCore import QPoint, Qt

from leakwatch.case_files.case_file import load_case
from leakwatch.case_files.settings_file import load_settings
from leakwatch.core.errors import CaseError
from leakwatch.core.geometry import distance_to_polyline
from leakwatch.core.marks import Side
from leakwatch.core.spacing import SpacingRung
from leakwatch.gui.app import mark_window
from leakwatch.gui.marking.calibrate_layer import CalibrateLayer
from leakwatch.gui.marking.mark_layer import MarkLayer, sides_of
from leakwatch.marking.preparation import StoredPreparation
from leakwatch.runner.stored_run import open_run

pytestmark = pytest.mark.usefixtures("fonts")
KEY = Qt.Key
PATIENCE_MS = 20_000
MIDDLE = (178.0, 184.0)


@pytest.fixture(scope="module")
def sample(repository):
    return repository / "sample_dicom" / "epidural.dcm"


@pytest.fixture(scope="module")
def known(repository):
    return load_case(repository / "sample_dicom" / "epidural.case.json").marks


@pytest.fixture
def out(tmp_path):
    return tmp_path / "mine.case.json"


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("LEAKWATCH_CALIBRATION", str(tmp_path / "mine"))


@pytest.fixture
def make(qtbot, sample, out):
    made = []

    def open_window(sequence=sample, **changes):
        run = open_run(sequence, load_settings(None))
        run.source.close()
        window = mark_window(run, sequence, out, 0, **changes)
        qtbot.addWidget(window)
        window.show()
        window.start()
        qtbot.waitUntil(lambda: not window.case.waiting, timeout=PATIENCE_MS)
        window.tick()
        made.append(window)
        return window

    yield open_window
    for window in made:
        window.close()
        window.close()  # once more: what is not saved is left


@pytest.fixture
def window(make):
    return make()


@pytest.fixture
def hand(qtbot, window):
    return Hand(qtbot, window)


def wall_error_mm(marks, known):
    error = distance_to_polyline(known.posterior_wall_px, marks.posterior_wall_px)
    return float(error.mean()) * 0.233


def handle(window, kind, nearest):
    found = [one for one in window.layer._handles if one.kind == kind]
    return min(found, key=lambda one: np.hypot(*np.subtract(one.at_px, nearest)))


def test_one_click_finds_the_body_and_saves_it(window, hand, known, out):
    assert isinstance(window.layer, MarkLayer)
    assert window.prompt.text() == "Click the centre of the vertebral body"
    hand.click(MIDDLE)
    assert window.case.found.body is not None
    assert "ready to save" in str(window._facts)
    hand.keys(KEY.Key_S)
    assert "Saved to" in window.prompt.text()
    saved = load_case(out)
    assert saved.dicom_path.endswith("epidural.dcm")
    assert saved.marks.anterior is known.anterior
    assert wall_error_mm(saved.marks, known) < 1.0
    assert saved.marks.body_outline_px is not None
    assert saved.mm_per_px is None
    assert window.case.is_saved


def test_a_point_of_the_wall_that_is_dragged_takes_the_wall_along(window, hand):
    hand.click(MIDDLE)
    before = window.case.found.body
    there = handle(window, "found", before.posterior_wall_px.mean(axis=0))
    to = (there.at_px[0] - 8.0, there.at_px[1])
    hand.drag(there.at_px, ((there.at_px[0] + to[0]) / 2, to[1]), to)
    assert len(window.case.draft.anchors_px) == 1
    assert window.case.draft.anchors_px[0] == pytest.approx(to, abs=1.5)
    after = window.case.found.body
    moved = before.posterior_wall_px.mean(axis=0) - after.posterior_wall_px.mean(axis=0)
    assert moved[0] > 4.0
    assert after.wall.sigma_mm < before.wall.sigma_mm
    hand.keys(KEY.Key_Z, modifier=Qt.KeyboardModifier.ControlModifier)
    assert window.case.draft.anchors_px == ()
    assert window.case.found.body.posterior_wall_px == pytest.approx(before.posterior_wall_px)
    hand.keys(KEY.Key_Y, modifier=Qt.KeyboardModifier.ControlModifier)
    assert len(window.case.draft.anchors_px) == 1


def test_an_anchor_is_dragged_and_taken_away(window, hand):
    hand.click(MIDDLE)
    hand.click((110.0, 205.0))
    assert window.case.draft.anchors_px[0] == pytest.approx((110.0, 205.0), abs=1.0)
    hand.drag((110.0, 205.0), (112.0, 200.0), (116.0, 195.0))
    assert window.case.draft.anchors_px[0] == pytest.approx((116.0, 195.0), abs=1.0)
    hand.keys(KEY.Key_Delete)
    assert window.case.draft.anchors_px == ()


def test_the_wall_is_drawn_by_clicks(window, hand, known, out):
    hand.click(MIDDLE)
    hand.keys(KEY.Key_W)
    for at in known.posterior_wall_px[[0, 4, 8]]:
        hand.click(tuple(at))
    assert window.case.draft.mode.value == "wall"
    assert {one.kind for one in window.layer._handles} == {"wall"}
    hand.keys(KEY.Key_S)
    assert "Enter finishes it" in window.prompt.text()
    assert not out.exists()
    hand.keys(KEY.Key_Return, KEY.Key_S)
    saved = load_case(out).marks
    assert saved.posterior_wall_px == pytest.approx(known.posterior_wall_px[[0, 4, 8]], abs=1.0)
    assert saved.body_outline_px is not None


def test_the_wall_is_drawn_in_one_sweep_and_its_points_are_moved(window, hand, known):
    hand.keys(KEY.Key_W)
    wall = known.posterior_wall_px
    sweep = np.stack([np.interp(np.linspace(0, 8, 30), range(9), axis) for axis in wall.T], axis=1)
    hand.drag(*(tuple(at) for at in sweep))
    draft = window.case.draft
    assert draft.has_wall
    assert 3 <= len(draft.wall_px) <= 7
    assert distance_to_polyline(draft.wall, wall).max() < 2.0
    # The tags tell the side, so that the rest of the body is found.
    assert window.case.found.body.anterior is known.anterior
    hand.drag(draft.wall_px[2], (draft.wall_px[2][0] - 9.0, draft.wall_px[2][1]))
    assert window.case.draft.wall_px[2][0] == pytest.approx(draft.wall_px[2][0] - 9.0, abs=1.0)


def test_all_of_it_by_keys(window, hand, out, known):
    """No mouse: a cursor, its click, a point that is picked and moved, saved."""
    hand.keys(KEY.Key_Space)  # the cursor comes, in the middle of the picture
    hand.keys(KEY.Key_Down, modifier=Qt.KeyboardModifier.ShiftModifier)
    hand.keys(*[KEY.Key_Right] * 3, KEY.Key_Space)
    assert window.case.draft.click_px == pytest.approx((178.5, 185.5), abs=0.6)
    hand.keys(KEY.Key_Tab)
    first = window.layer._handles[window.layer._picked]
    hand.keys(KEY.Key_Left, KEY.Key_Left)
    assert window.case.draft.anchors_px[0] == pytest.approx(
        (first.at_px[0] - 2.0, first.at_px[1]), abs=1e-6
    )
    hand.keys(KEY.Key_Backtab, KEY.Key_L, KEY.Key_L, KEY.Key_O, KEY.Key_O, KEY.Key_S)
    saved = load_case(out).marks
    assert (saved.vertebra, saved.anterior) == ("T8", known.anterior)


def test_the_tip_is_marked(window, hand, out, known):
    hand.click(MIDDLE)
    hand.keys(KEY.Key_T)
    hand.click(known.needle_tip_px)
    hand.keys(KEY.Key_S)
    assert load_case(out).marks.needle_tip_px == pytest.approx(known.needle_tip_px, abs=1.0)


def test_what_is_unsure_is_shown_asked_for_and_not_saved(window, hand, out):
    """Half of the body lies beyond the picture: its front cannot be seen."""
    hand.click((300.0, 60.0))
    body = window.case.found.body
    assert body.wall.unsure is not None
    assert "Uncertain (dotted)" in window.prompt.text()
    assert "posterior wall:" in window.prompt.text()
    assert any(question.isVisible() for question in window.layer._drawn._questions)
    hand.keys(KEY.Key_S)
    assert "Not saved: the posterior wall is uncertain" in window.prompt.text()
    assert not out.exists()
    hand.keys(KEY.Key_U, KEY.Key_S)
    assert "Saved to" in window.prompt.text()
    assert out.exists()


def test_nothing_is_saved_where_nothing_is_marked(window, hand, out):
    hand.keys(KEY.Key_S)
    assert "Not saved: nothing is marked yet" in window.prompt.text()
    hand.click((2.0, 2.0))
    assert "outside of the exposed field" in window.prompt.text()
    hand.keys(KEY.Key_S)
    assert not out.exists()


def test_a_disk_that_is_full_is_told_and_what_was_there_stays(make, qtbot, out, monkeypatch):
    window = make()
    hand = Hand(qtbot, window)
    hand.click(MIDDLE)
    hand.keys(KEY.Key_S)
    before = out.read_bytes()
    hand.click((110.0, 190.0))

    def full(file):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("leakwatch.marking.one_click.new_private_file", full)
    hand.keys(KEY.Key_S)
    assert "No space left on device" in window.prompt.text()
    assert not window.case.is_saved
    assert out.read_bytes() == before


def test_what_was_marked_before_is_gone_on_with_and_kept_aside(make, qtbot, out, known):
    window = make()
    hand = Hand(qtbot, window)
    hand.click(MIDDLE)
    hand.keys(KEY.Key_S)
    first = out.read_bytes()
    window.close()
    again = make()
    assert again.case.draft.has_wall
    assert again.case.found.body is not None
    other = Hand(qtbot, again)
    index = len(again.case.draft.wall_px) // 2
    at = again.case.draft.wall_px[index]
    other.drag(at, (at[0] - 10.0, at[1]))
    other.keys(KEY.Key_S)
    assert out.read_bytes() != first
    assert out.with_name(f"{out.name}.before").read_bytes() == first


def test_closing_asks_once_for_what_is_not_saved(window, hand):
    hand.click(MIDDLE)
    window.close()
    assert window.isVisible()
    assert "not saved" in window.prompt.text()
    window.close()
    assert not window.isVisible()


def test_a_cannula_is_measured_and_the_case_keeps_it(window, hand, out):
    hand.keys(KEY.Key_C)
    assert isinstance(window.layer, CalibrateLayer)
    assert "cannula, across: 11G" in window.prompt.text()
    for at in ((100.0, 163.0), (100.0, 177.0)):
        hand.click(at)
    assert "against ImagerPixelSpacing*SOD/SID" in window.prompt.text()
    hand.keys(KEY.Key_Return)
    assert window.case.calibration.rung is SpacingRung.CASE
    hand.keys(KEY.Key_C)
    assert isinstance(window.layer, MarkLayer)
    hand.click(MIDDLE)
    hand.keys(KEY.Key_S)
    saved = load_case(out)
    assert saved.mm_per_px == pytest.approx(0.233, rel=0.06)
    assert saved.mm_per_px_sigma == pytest.approx(0.035 * 0.233, rel=0.6)


def test_measured_millimetres_are_written_and_taken_back(window, hand, tmp_path):
    hand.keys(KEY.Key_C, KEY.Key_Tab, KEY.Key_Tab)  # a ruler
    hand.keys(KEY.Key_PageDown)  # of 40 mm
    hand.click((100.0, 60.0))
    hand.keys(KEY.Key_Space)
    hand.click((270.0, 60.0))
    assert "ruler: 40 mm" in window.prompt.text()
    hand.keys(KEY.Key_G)
    assert "Written to" in window.prompt.text()
    assert len(list((tmp_path / "mine").glob("*.toml"))) == 1
    hand.keys(KEY.Key_Return, KEY.Key_D)
    assert window.case.calibration.rung is SpacingRung.IMAGER_PIXEL_SPACING_GEOMETRY
    assert window.case.measured is None
    hand.keys(KEY.Key_Delete, KEY.Key_Return)
    assert "nothing to use" in window.prompt.text()
    hand.keys(KEY.Key_Escape)
    assert isinstance(window.layer, MarkLayer)


def test_points_lie_where_they_are_clicked_in_a_turned_and_zoomed_picture(window, hand):
    hand.keys(KEY.Key_F, KEY.Key_Z)
    hand.click(MIDDLE)
    assert window.case.draft.click_px == pytest.approx(MIDDLE, abs=0.6)
    hand.keys(KEY.Key_Tab)
    before = window.layer._handles[window.layer._picked].at_px
    hand.keys(KEY.Key_Left)  # on the screen: mirrored, that is to the right
    assert window.case.draft.anchors_px[0][0] == pytest.approx(before[0] + 1.0)


def test_window_is_a_tool_without_banner_and_with_its_prompt_beside_the_image(window, hand):
    assert not window.banner.isVisible()
    hand.click(MIDDLE)
    assert window.prompt.isVisible()
    prompt = window.prompt.rect().translated(window.prompt.mapTo(window, QPoint(0, 0)))
    image = window.image.widget.rect().translated(window.image.widget.mapTo(window, QPoint(0, 0)))
    assert not prompt.intersects(image)


def test_fault_is_told_in_the_banner_until_it_is_over(window, monkeypatch):
    def broken():
        raise RuntimeError("oh")

    with monkeypatch.context() as patched:
        patched.setattr(window, "_show_image", broken)
        window.tick()
    assert window.banner.isVisible()
    assert "oh" in str(window.banner.banner.reasons)
    window.tick()
    assert not window.banner.isVisible()


@pytest.mark.parametrize(("size", "widest"), [((1280, 800), 2.0), ((3840, 2160), 6.0)])
def test_lines_are_thin_and_grow_with_the_picture(window, hand, size, widest):
    hand.click(MIDDLE)
    window.resize(*size)
    window.tick()
    drawn = window.layer._drawn
    widths = [curve.opts["pen"].widthF() for curve in drawn._curves]
    assert 0.65 * widest <= max(widths) <= widest
    # As wide as what the detection knows: about 0.7 mm to each side.
    mm = window.case.found.mm_per_px
    heights = [item.boundingRect().height() for item in drawn._within]
    assert len(heights) == 4
    assert 2 * 0.5 < min(heights) * mm < 2 * 3.0


def test_the_frame_and_the_average_are_shown(window, hand):
    average = window.image.image.image.copy()
    hand.keys(KEY.Key_V)
    assert not np.array_equal(window.image.image.image, average)
    hand.keys(KEY.Key_V, KEY.Key_I)
    assert not np.array_equal(window.image.image.image, average)


def test_frames_that_cannot_be_averaged_are_told(make, sample, monkeypatch):
    def broken(run):
        raise OSError("the disk was taken away")

    monkeypatch.setattr("leakwatch.runner.stored_run.AnalysisRun.reopen", broken)
    run = open_run(sample, load_settings(None))
    run.source.close()
    preparation = StoredPreparation(run, 0)
    assert preparation.wait(20.0)
    assert "the disk was taken away" in preparation.problem
    assert preparation.prepared is None


def test_given_sides_and_levels_go_before(make):
    window = make(anterior=Side.LEFT, level="T12")
    assert (window.case.draft.anterior, window.case.draft.level) == (Side.LEFT, "T12")


def test_there_must_be_such_a_frame(sample, out):
    run = open_run(sample, load_settings(None))
    run.source.close()
    with pytest.raises(CaseError, match="no frame 900"):
        mark_window(run, sample, out, 900)
    with pytest.raises(CaseError, match=r"ends with \.case\.json"):
        mark_window(run, sample, out.with_name("x.json"), 0)
    out.write_text("{}")
    with pytest.raises(CaseError):
        mark_window(replace(run, marks=type(run.marks)()), sample, out, 0)


def test_an_unknown_side_is_asked_for_and_nothing_is_drawn_as_sure(make, qtbot, sideless, out):
    window = make(sideless)
    hand = Hand(qtbot, window)
    hand.click((170.0, 186.0))
    assert "Which side is anterior?" in window.prompt.text()
    assert "which side?" in str(window._facts)
    # Taking it as it is does not answer the question.
    hand.keys(KEY.Key_U, KEY.Key_S)
    assert "Not saved: the anterior side is unknown" in window.prompt.text()
    assert not out.exists()
    assert all(not side.reliable for side in sides_of(window.case.draft, window.case.found))
    assert all(not one.reliable for one in window.layer._handles if one.kind == "found")
    hand.keys(KEY.Key_O)
    assert window.case.found.body.side_known
    assert window.case.draft.anterior is Side.LEFT
    hand.keys(KEY.Key_O)
    assert window.case.draft.anterior is Side.RIGHT
    hand.keys(KEY.Key_O, KEY.Key_U, KEY.Key_S)
    assert load_case(out).marks.anterior is Side.LEFT
