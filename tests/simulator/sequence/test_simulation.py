"""A whole simulation: same seed same bytes, valid files, and pixels that agree with their truth."""

from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pydicom
import pytest
from small import small_scenario

from leakwatch.case_files.case_file import encode_case, load_case
from leakwatch.case_files.truth_file import encode_truth, load_truth
from leakwatch.core.errors import SinkError
from leakwatch.core.frame import IntensityRelationship, TimeSource, View
from leakwatch.core.marks import Side
from leakwatch.simulator.anatomy.anatomy import Anatomy
from leakwatch.simulator.anatomy.carm import CArm
from leakwatch.simulator.scenario.scenario import Scenario
from leakwatch.simulator.scene.scene import Scene, injected_ml, make_carm, make_scene
from leakwatch.simulator.sequence.dicom_writer import encode_dicom
from leakwatch.simulator.sequence.sequence_files import write_simulation
from leakwatch.simulator.sequence.simulation import Simulation, render_frames, simulate
from leakwatch.sources.stored.opening import open_source

BRIEF = {"fps": 5.0, "duration_s": 0.8}


NAMED_AP = {
    "view": "ap",
    "rows": 96,
    "columns": 96,
    "pitch_mm": 1.2,
    "angle_deg": 12.5,
    "tilt_deg": -3.0,
    "manufacturer": "EXAMPLE",
}
EARLY = {"start_s": 0.2, "volume_ml": 0.3, "rate_ml_s": 0.6}


def brief_scenario(**changes: object) -> Scenario:
    """Four frames; the injection begins with the second."""
    return small_scenario(**({"sequence": BRIEF, "injection": EARLY, "leaks": []} | changes))


@pytest.fixture(scope="module")
def scene(anatomy: Anatomy) -> Scene:
    return make_scene(brief_scenario(), anatomy)


def brief(scene: Scene, **changes: object) -> Simulation:
    """The brief scenario, of a scene that is made once: it does not see changes of anatomy."""
    return render_frames(brief_scenario(**changes), scene)


def log_attenuation(frame: np.ndarray) -> np.ndarray:
    return -np.log(np.maximum(frame.astype(float), 1.0))


@pytest.mark.slow
def test_same_seed_same_bytes_and_another_seed_others(anatomy: Anatomy, scene: Scene) -> None:
    first, again = (simulate(brief_scenario(), anatomy) for _ in range(2))
    other = brief(scene, seed=8)
    assert encode_dicom(first) == encode_dicom(again)
    assert encode_truth(first.truth) == encode_truth(again.truth)
    assert encode_case(first.case) == encode_case(again.case)
    assert encode_dicom(first) != encode_dicom(other)
    assert first.frames.flags.writeable is False


def test_truth_tells_what_was_injected(simulation: Simulation) -> None:
    scenario = simulation.scenario
    fps = scenario.sequence.fps
    frames = simulation.truth.frames
    assert len(frames) == len(simulation.frames) == 25
    for index, frame in enumerate(frames):
        assert frame.ml == pytest.approx(injected_ml(scenario.injection, index / fps), abs=1e-4)
    assert frames[-1].ml == 1.5
    assert simulation.truth.leak == "epidural"
    areas = [frame.area_mm2 for frame in frames]
    assert areas == sorted(areas)
    assert simulation.truth.breach_5mm_frame is not None
    assert simulation.truth.leak_visible_frame is not None


def test_the_picture_darkens_where_truth_says_there_is_cement(scene: Scene) -> None:
    still = {"spine_mm": [0, 0, 0], "wall_mm": [0, 0, 0], "organs_mm": [0, 0, 0]}
    quiet = {"enabled": False, "drift_per_s": 0.0}
    made = brief(
        scene, motion=still, brightness=quiet, detector={"lag": 0.0, "quanta_per_mm2": 1e6}
    )
    added = log_attenuation(made.frames[-1]) - log_attenuation(made.frames[0])
    added = cv2.GaussianBlur(added, (0, 0), 1.0)
    area = float((added > 0.03).sum()) * made.carm.mm_per_px**2
    assert area == pytest.approx(made.truth.frames[-1].area_mm2, rel=0.3)
    tip = made.case.marks.needle_tip_px
    assert tip is not None
    rows, columns = np.nonzero(added > 0.03)
    assert np.hypot(columns.mean() - tip[0], rows.mean() - tip[1]) * made.carm.mm_per_px < 8.0


def test_the_spine_moves_as_truth_says(simulation: Simulation) -> None:
    marks = simulation.case.marks
    assert marks.body_outline_px is not None
    low, high = marks.body_outline_px.min(axis=0), marks.body_outline_px.max(axis=0)
    box = slice(int(low[1]) - 12, int(high[1]) + 12), slice(int(low[0]) - 6, int(high[0]) + 12)
    window = cv2.createHanningWindow((box[1].stop - box[1].start, box[0].stop - box[0].start), 5)
    first = None
    truth = simulation.truth.frames
    assert np.ptp([frame.dy for frame in truth[:8]]) > 1.0
    for index in range(8):  # before the cement
        log = log_attenuation(simulation.frames[index])[box].astype(np.float32)
        fine = cv2.GaussianBlur(log, (0, 0), 1.0) - cv2.GaussianBlur(log, (0, 0), 8.0)
        first = fine if first is None else first
        (dx, dy), _ = cv2.phaseCorrelate(first, fine, window)
        expected = (truth[index].dx - truth[0].dx, truth[index].dy - truth[0].dy)
        # The lag of the detector draws the picture a little behind.
        assert (dx, dy) == pytest.approx(expected, abs=0.5)


def test_marks_lie_on_the_frame_that_they_were_made_on(simulation: Simulation) -> None:
    marks, truth = simulation.case.marks, simulation.truth.frames[0]
    assert marks.posterior_wall_px is not None
    assert marks.body_outline_px is not None
    assert marks.view is View.LATERAL
    assert marks.anterior is Side.RIGHT
    assert marks.baseline_frames == (0, 5)
    centre = make_carm(simulation.scenario).project_points(np.zeros((1, 3)))[0]
    outline = marks.body_outline_px
    middle = (outline.min(axis=0) + outline.max(axis=0)) / 2
    assert middle == pytest.approx(centre + np.array([truth.dx, truth.dy]), abs=2.5)
    assert marks.posterior_wall_px[:, 0].max() < middle[0]


def test_an_error_of_marking_is_of_the_size_asked_for(scene: Scene) -> None:
    walls = []
    for error, seed in ((0.0, 1), (0.6, 1), (0.6, 2)):
        made = brief(
            scene,
            seed=seed,
            marks={"wall_error_mm": error, "outline": False},
            motion={"spine_mm": [0, 0, 0]},
        )
        assert made.case.marks.body_outline_px is None
        walls.append(made.case.marks.posterior_wall_px)
    assert walls[0] is not None
    off = [np.hypot(*(wall - walls[0]).T).std() * 0.41 for wall in walls[1:] if wall is not None]
    assert 0.1 < np.mean(off) < 0.9


def test_flipping_swaps_the_sides(scene: Scene) -> None:
    made = brief(scene, carm={"rows": 200, "columns": 224, "pitch_mm": 0.6, "anterior": "left"})
    wall, tip = made.case.marks.posterior_wall_px, made.case.marks.needle_tip_px
    assert wall is not None
    assert tip is not None
    assert wall[:, 0].min() > tip[0]
    assert made.truth.frames[-1].distance_mm is not None
    assert made.truth.frames[-1].distance_mm > 0.0


def test_monochrome1_is_the_complement(scene: Scene) -> None:
    upright, inverted = (brief(scene, pixels={"inverted": flag}) for flag in (False, True))
    assert (upright.frames.astype(int) + inverted.frames.astype(int) == 4095).all()


def test_a_quarter_of_the_dose_doubles_the_noise(scene: Scene) -> None:
    still = {"spine_mm": [0, 0, 0], "wall_mm": [0, 0, 0], "organs_mm": [0, 0, 0]}
    quiet = {"enabled": False, "drift_per_s": 0.0}
    spread = []
    for quanta in (12000.0, 3000.0):
        made = brief(
            scene,
            injection={"start_s": 60.0},
            motion=still | {"tremble_mm": 0.0},
            brightness=quiet,
            detector={"quanta_per_mm2": quanta, "electronic_quanta": 0.0, "lag": 0.0},
            pixels={"bits": 16},
        )
        logs = [log_attenuation(frame)[60:140, 60:160] for frame in made.frames]
        spread.append(np.std(logs[1] - logs[0]))
    assert spread[1] / spread[0] == pytest.approx(2.0, rel=0.06)


def test_in_ap_there_is_no_wall_to_mark_or_measure(scene: Scene) -> None:
    # The grid of the lateral view is narrow, and still holds the vertebra.
    made = brief(scene, carm={"rows": 120, "columns": 120, "pitch_mm": 0.6, "view": "ap"})
    assert made.case.marks.view is View.AP
    assert made.case.marks.posterior_wall_px is None
    assert made.case.marks.anterior is None
    assert all(frame.distance_mm is None for frame in made.truth.frames)
    assert made.truth.frames[-1].area_mm2 > 0.0


def test_pincushion_moves_marks_with_the_picture(scene: Scene) -> None:
    bent = {"rows": 200, "columns": 224, "pitch_mm": 0.6, "pincushion": 0.08}
    straight = brief(scene, motion={"spine_mm": [0, 0, 0]})
    made = brief(scene, carm=bent, motion={"spine_mm": [0, 0, 0]})
    for one, two in ((straight.case.marks.posterior_wall_px, made.case.marks.posterior_wall_px),):
        assert one is not None
        assert two is not None
        centre = np.array([111.5, 99.5])
        ratio = np.linalg.norm(two - centre, axis=1) / np.linalg.norm(one - centre, axis=1)
        assert (ratio > 1.0).all()
        assert ratio.max() < 1.03
    assert made.truth.frames[-1].distance_mm == straight.truth.frames[-1].distance_mm


def test_files_can_be_read_back(simulation: Simulation, tmp_path: Path) -> None:
    dicom, case, truth, scenario = write_simulation(simulation, tmp_path / "new")
    assert [path.name for path in (dicom, case, truth, scenario)] == [
        "small.dcm",
        "small.case.json",
        "small.truth.json",
        "small.scenario.json",
    ]
    assert load_truth(truth) == simulation.truth
    assert load_case(case).dicom_path == "small.dcm"
    source = open_source(dicom)
    try:
        frames = list(source.frames())
    finally:
        source.close()
    assert len(frames) == 25
    assert all((f.pixels == simulation.frames[f.index]).all() for f in frames)
    acquisition = frames[0].acquisition
    assert acquisition.time_source is TimeSource.FRAME_TIME
    assert frames[5].time_s == pytest.approx(1.0)
    geometry = acquisition.geometry
    assert (geometry.sid_mm, geometry.sod_mm) == (1050.0, 720.0)
    assert geometry.imager_pixel_spacing_mm == (0.6, 0.6)
    assert acquisition.pixel_format.relationship is IntensityRelationship.LIN


def test_a_folder_that_cannot_be_written_is_told(simulation: Simulation, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SinkError, match=r"cannot be written: .*Choose another --out"):
        write_simulation(simulation, tmp_path / "file")


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"pixels": {"relationship": "LOG", "compression": "rle"}},
        {"pixels": {"relationship": "DISP", "bits": 8, "compression": "none"}},
        {"pixels": {"bits": 16}},
        {"pixels": {"shutter_in_header": True}},
        {"pixels": {"shutter_in_header": True}, "detector": {"shutter": "circular"}},
        {"pixels": {"shutter_in_header": True}, "detector": {"shutter": "rectangular"}},
        {"carm": NAMED_AP},
    ],
    ids=["lin", "log-rle", "disp-8-bit", "16-bit", "octagon", "circle", "rectangle", "named-ap"],
)
def test_dciodvfy_has_nothing_to_say(
    changes: dict[str, object], scene: Scene, tmp_path: Path
) -> None:
    validator = shutil.which("dciodvfy")
    if validator is None:
        pytest.skip("no dciodvfy here; scripts/system-packages dicom installs it")
    path = tmp_path / "made.dcm"
    path.write_bytes(encode_dicom(brief(scene, **changes)))
    assert_clean(validator, path)


def test_an_inverted_picture_breaks_one_rule_on_purpose(scene: Scene, tmp_path: Path) -> None:
    # XA allows MONOCHROME2 alone (PS3.3 C.8.7.1), and some systems export MONOCHROME1.
    validator = shutil.which("dciodvfy")
    if validator is None:
        pytest.skip("no dciodvfy here; scripts/system-packages dicom installs it")
    path = tmp_path / "made.dcm"
    path.write_bytes(encode_dicom(brief(scene, carm=NAMED_AP, pixels={"inverted": True})))
    done = subprocess.run([validator, str(path)], capture_output=True, text=True, check=False)
    kind, *errors = (done.stdout + done.stderr).strip().splitlines()
    assert kind == "XAImage"
    assert len(errors) == 1
    assert "<MONOCHROME1>" in errors[0]


@pytest.mark.parametrize("name", ["contained", "epidural"])
def test_dciodvfy_has_nothing_to_say_of_the_samples(name: str, repository: Path) -> None:
    validator = shutil.which("dciodvfy")
    if validator is None:
        pytest.skip("no dciodvfy here; scripts/system-packages dicom installs it")
    assert_clean(validator, repository / "sample_dicom" / f"{name}.dcm")


def assert_clean(validator: str, path: Path) -> None:
    """All that is said of a file is which kind it is."""
    done = subprocess.run([validator, str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert (done.stdout + done.stderr).split() == ["XAImage"]


def test_log_pixels_carry_the_table_that_makes_them_linear(scene: Scene) -> None:
    made = brief(scene, pixels={"relationship": "LOG"})
    linear = brief(scene)
    dataset = pydicom.dcmread(_buffer(made))
    table = dataset.ModalityLUTSequence[0]
    values = np.frombuffer(table.LUTData, "<u2").astype(float)
    assert table.LUTDescriptor[0] == len(values) == 4096
    back = values[made.frames[0]] / 65535 * 4095
    inside = linear.frames[0] > 0
    assert np.abs(back - linear.frames[0])[inside].max() < 4.0


def _buffer(made: Simulation) -> io.BytesIO:
    return io.BytesIO(encode_dicom(made))


def test_uids_differ_between_sequences_and_need_no_root(scene: Scene) -> None:
    uids = set()
    for seed in (1, 2):
        dataset = pydicom.dcmread(_buffer(brief(scene, seed=seed)))
        uids |= {dataset.SOPInstanceUID, dataset.StudyInstanceUID, dataset.SeriesInstanceUID}
    assert len(uids) == 6
    assert all(uid.is_valid and uid.startswith("2.25.") for uid in uids)


@pytest.mark.slow
def test_progress_is_told_for_every_frame(anatomy: Anatomy) -> None:
    told: list[int] = []
    simulate(small_scenario(sequence=BRIEF), anatomy, lambda: told.append(1))
    assert len(told) == 4


def test_the_view_is_the_one_of_the_scenario(simulation: Simulation) -> None:
    assert simulation.carm == CArm(sid_mm=1050.0, sod_mm=720.0, pitch_mm=0.6, rows=200, columns=224)
    assert simulation.truth.mm_per_px == pytest.approx(0.6 * 720 / 1050)
