"""From a sequence to marks: simulated ones, whose marks are known."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.image import imread
from typer.testing import CliRunner

from leakwatch.case_files.case_file import load_case
from leakwatch.case_files.settings_file import load_settings
from leakwatch.cli import app
from leakwatch.core.distortion import distort_px
from leakwatch.core.errors import CaseError
from leakwatch.core.frame import View
from leakwatch.core.geometry import distance_to_polyline
from leakwatch.core.marks import Side
from leakwatch.core.spacing import Distortion
from leakwatch.marking import one_click
from leakwatch.runner.stored_run import open_run


@pytest.fixture(scope="module")
def known(repository):
    """The marks of the sample over which the vertebra is clearly seen."""
    return load_case(repository / "sample_dicom" / "epidural.case.json").marks


@pytest.fixture(scope="module")
def sequence(repository):
    return repository / "sample_dicom" / "epidural.dcm"


@pytest.fixture(scope="module")
def run(sequence):
    opened = open_run(sequence, load_settings(None))
    yield opened
    opened.source.close()


@pytest.fixture(scope="module")
def prepared(run):
    return one_click.prepare(run)


def middle(known):
    return tuple((known.body_outline_px.min(axis=0) + known.body_outline_px.max(axis=0)) / 2)


def mark(*arguments):
    return CliRunner().invoke(app, ["mark", *map(str, arguments)])


def test_the_wall_is_where_it_was_simulated(known, prepared, run):
    body = one_click.mark_body(prepared, middle(known), run)
    assert body.anterior is known.anterior
    error = distance_to_polyline(known.posterior_wall_px, body.posterior_wall_px)
    # Anatomy from formulas is hollow by 1.4 mm: what remains is the difference to the mean body.
    assert error.mean() * prepared.picture.mm_per_px < 1.0
    assert body.wall.unsure is None


def test_marks_follow_the_anatomy_to_the_frame(known, prepared, run):
    body = one_click.mark_body(prepared, middle(known), run)
    moved = replace(prepared, frame=7, shift_px=(3.0, -2.0))
    at = np.add(middle(known), moved.shift_px)
    later = one_click.mark_body(moved, (at[0], at[1]), run)
    assert later.outline_px == pytest.approx(body.outline_px + np.array([3.0, -2.0]))
    assert later.front.line_px == pytest.approx(body.front.line_px + np.array([3.0, -2.0]))


def test_marks_are_found_where_a_bent_picture_shows_them(known, prepared, run):
    rows, columns = run.acquisition.rows, run.acquisition.columns
    # The picture is shown narrower than it is.
    coefficients = (0.0, 8.0, 0.0), (0.0, 0.0, 0.0)
    bend = Distortion(rows, columns, 1, *coefficients, 1e4, 0.0)
    bent = replace(prepared, distortion=bend)
    body = one_click.mark_body(prepared, middle(known), run)
    click = distort_px(bend, np.array(middle(known)))
    shown = one_click.mark_body(bent, (click[0], click[1]), run)
    assert shown.outline_px == pytest.approx(distort_px(bend, body.outline_px), abs=1e-3)
    assert shown.wall.line_px == pytest.approx(distort_px(bend, body.wall.line_px), abs=1e-3)
    drawn = one_click.displayed_image(bent)
    assert drawn.attenuation.shape == prepared.picture.attenuation.shape
    assert not np.array_equal(drawn.attenuation, prepared.picture.attenuation)
    assert one_click.displayed_image(prepared) is prepared.picture


def test_a_later_frame_knows_how_far_the_anatomy_went(sequence, repository):
    truth = json.loads((repository / "sample_dicom" / "epidural.truth.json").read_bytes())
    opened = open_run(sequence, load_settings(None))
    later = one_click.prepare(opened, 12)
    opened.source.close()
    first, there = truth["frames"][0], truth["frames"][12]
    went = (there["dx"] - first["dx"], there["dy"] - first["dy"])
    assert later.shift_px == pytest.approx(went, abs=1.0)


def test_points_of_a_person_are_on_the_clicked_frame(known, prepared, run):
    moved = replace(prepared, shift_px=(10.0, 0.0))
    wall = known.posterior_wall_px + np.array([10.0, 0.0])
    at = np.add(middle(known), moved.shift_px)
    body = one_click.mark_body(moved, (at[0], at[1]), run, hints_px=wall[3:5])
    error = distance_to_polyline(wall, body.posterior_wall_px) * prepared.picture.mm_per_px
    assert error[3:5].max() < 0.5


@pytest.mark.parametrize("click", [(-5.0, 100.0), (2.0, 2.0), (5000.0, 10.0)])
def test_a_click_outside_of_the_picture_is_refused(prepared, run, click):
    with pytest.raises(CaseError, match="outside of the exposed field"):
        one_click.mark_body(prepared, click, run)


def test_a_frame_that_is_not_there_is_refused(sequence):
    opened = open_run(sequence, load_settings(None))
    with pytest.raises(CaseError, match="there is no frame 9999: the last one is"):
        one_click.prepare(opened, 9999)
    opened.source.close()


class TestAnteriorSide:
    """Who says which side is anterior, in order."""

    def test_tags_go_before_the_cannula(self, prepared):
        told = replace(prepared, orientation=("P", "F"), cannula_px=((9.0, 9.0), (0.0, 9.0)))
        assert one_click.anterior_side(told, (9.0, 9.0)) is Side.LEFT

    @pytest.mark.parametrize(("back", "side"), [(-180.0, Side.RIGHT), (200.0, Side.LEFT)])
    def test_a_cannula_comes_from_behind(self, prepared, back, side):
        told = replace(prepared, orientation=None, cannula_px=((9.0, 9.0), (back, 12.0)))
        assert one_click.anterior_side(told, (11.0, 9.0)) is side

    def test_what_is_no_longer_than_a_body_is_deep_may_be_an_endplate(self, prepared):
        told = replace(prepared, orientation=None, cannula_px=((9.0, 9.0), (-120.0, 12.0)))
        assert one_click.anterior_side(told, (11.0, 9.0)) is None

    def test_a_cannula_in_another_body_says_nothing(self, prepared):
        told = replace(prepared, orientation=None, cannula_px=((9.0, 9.0), (-60.0, 12.0)))
        assert one_click.anterior_side(told, (9.0, 400.0)) is None

    def test_nobody_knows(self, prepared):
        nobody = replace(prepared, orientation=None, cannula_px=None)
        assert one_click.anterior_side(nobody, (9.0, 9.0)) is None


class TestRealRadiographs:
    """Six persons; corners as their annotators set them."""

    @pytest.fixture
    def truth(self, shared):
        return json.loads((shared / "real" / "lateral" / "truth.json").read_bytes())

    @pytest.mark.parametrize("name", ["0043", "0050", "0064", "0065", "0138", "0162"])
    def test_a_side_is_found_and_never_wrong_when_sure(self, shared, truth, name):
        opened = open_run(shared / "real" / "lateral" / f"{name}.dcm", load_settings(None))
        prepared = one_click.prepare(opened)
        opened.source.close()
        bodies, known = truth[name]["vertebrae"], 0
        for corners in bodies:
            at = np.mean(list(corners.values()), axis=0)
            body = one_click.mark_body(prepared, (at[0], at[1]), opened)
            known += body.side_known
            assert body.anterior is Side.LEFT or not body.side_known
            assert body.side_known or "which side is anterior is not known" in body.wall.unsure
        assert known >= len(bodies) // 2

    @pytest.mark.parametrize("name", ["0138", "0162"])
    def test_no_endplate_is_masked_as_a_cannula(self, shared, truth, name):
        opened = open_run(shared / "real" / "lateral" / f"{name}.dcm", load_settings(None))
        prepared = one_click.prepare(opened)
        opened.source.close()
        for corners in truth[name]["vertebrae"][:-1]:
            column, row = np.mean(list(corners.values()), axis=0)
            masked = one_click._mask_cannula_near(prepared, (column, row), opened)
            assert masked.picture.cannula is None

    def test_no_wall_is_sure_without_millimetres(self, shared, truth):
        """Of a scale that is off by a third, three bodies look like one."""
        path = shared / "real" / "lateral" / "0065_no_mm.dcm"
        opened = open_run(path, load_settings(None))
        prepared = one_click.prepare(opened)
        opened.source.close()
        for corners in truth["0065"]["vertebrae"]:
            at = np.mean(list(corners.values()), axis=0)
            body = one_click.mark_body(prepared, (at[0], at[1]), opened, anterior=Side.LEFT)
            assert body.wall.unsure is not None
            assert any("there are no millimetres" in doubt for doubt in body.unsure)


def test_an_inverted_export_is_refused_unless_the_tags_are_trusted(shared, tmp_path):
    out = tmp_path / "mine.case.json"
    path = shared / "real" / "lateral" / "0043_bright_bone.dcm"
    at = ("--click", "330,255", "--out", out, "--anterior", "left")
    refused = mark(path, *at)
    assert refused.exit_code == 2
    assert "the image looks inverted relative to its header" in refused.stderr
    assert not out.exists()
    trusting = mark(path, *at, "--trust-tags")
    assert "contradicts" not in trusting.stderr
    assert "posterior wall: one sigma" in trusting.stdout


class TestCommand:
    """`leakwatch mark`."""

    def test_writes_a_case_that_can_be_read_and_a_picture(self, sequence, known, tmp_path):
        out, png = tmp_path / "mine.case.json", tmp_path / "mine.png"
        column, row = middle(known)
        done = mark(
            sequence, "--click", f"{column},{row}", "--out", out, "--picture", png,
            "--vertebra", "L1",
        )  # fmt: skip
        assert done.exit_code == 0, done.output
        assert "posterior wall: one sigma" in done.stdout
        assert "marks_sigma_mm = " in done.stdout
        case = load_case(out)
        assert (tmp_path / case.dicom_path).resolve() == sequence.resolve()
        assert case.marks.view is View.LATERAL
        assert case.marks.vertebra == "L1"
        assert case.marks.anterior is known.anterior
        assert case.marks.body_outline_px is not None
        assert imread(png).shape[0] > 500

    def test_an_unsure_wall_is_not_written_until_it_is_accepted(self, sequence, tmp_path):
        out = tmp_path / "off.case.json"
        # In soft tissue in front of the spine.
        at = ("--click", "300,200", "--out", out, "--anterior", "right")
        refused = mark(sequence, *at)
        assert refused.exit_code == 2
        assert "the posterior wall is uncertain" in refused.stderr
        assert "uncertain: posterior wall" in refused.stderr
        assert not out.exists()
        accepted = mark(sequence, *at, "--accept-unsure")
        assert accepted.exit_code == 0, accepted.output
        assert load_case(out).marks.posterior_wall_px is not None

    def test_an_unknown_side_is_not_written_until_somebody_says_it(self, sideless, tmp_path):
        out = tmp_path / "mine.case.json"
        at = ("--click", "170,186", "--out", out)
        for more in ((), ("--accept-unsure",)):
            refused = mark(sideless, *at, *more)
            assert refused.exit_code == 2
            assert "anterior side: unknown" in refused.stdout
            assert "--anterior left or --anterior right" in refused.stderr
            assert not out.exists()
        assert mark(sideless, *at, "--anterior", "left").exit_code == 0
        assert load_case(out).marks.anterior is Side.LEFT

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (("--click", "12", "--out", "a.case.json"), "not a point"),
            (("--click", "1,2,3", "--out", "a.case.json"), "not a point"),
            (("--click", "1,2", "--out", "a.json"), "ends with .case.json"),
            (("--click", "1,2", "--out", "a.case.json", "--point", "x,1"), "--point x,1"),
            (("--click", "1,2", "--out", "a.case.json"), "outside of the exposed field"),
            (("--click", "178,184", "--out", "/nowhere/a.case.json"), "cannot be written"),
        ],
    )
    def test_says_what_is_wrong(self, sequence, tmp_path, monkeypatch, arguments, words):
        monkeypatch.chdir(tmp_path)
        done = mark(sequence, *arguments)
        assert done.exit_code == 2
        assert words in done.stderr
        assert list(tmp_path.iterdir()) == []


def test_without_a_click_a_window_is_asked_for(sequence, monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    refused = mark(sequence)
    assert refused.exit_code == 2
    assert "there is no display" in refused.stderr
    assert "--click COLUMN,ROW --out NAME.case.json" in refused.stderr


def test_options_that_go_with_a_click_need_it(sequence, tmp_path):
    assert "need --click" in mark(sequence, "--point", "1,1").stderr
    missing = mark(sequence, "--click", "178,184")
    assert missing.exit_code == 2
    assert "--out is missing" in missing.stderr


def test_a_case_that_is_written_over_is_kept_aside(sequence, tmp_path):
    out = tmp_path / "mine.case.json"
    out.write_text("what was there")
    assert mark(sequence, "--click", "178,184", "--out", out).exit_code == 0
    assert out.with_name("mine.case.json.before").read_text() == "what was there"
