"""Case, truth, frames and events: what is written is read back, and what is wrong is named."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from handmade import UNCALIBRATED, make_alert, make_observation, make_snapshot, make_tube
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.case_files.case_file import check_fits, dicom_path, encode_case, load_case
from leakwatch.case_files.run_records import event_line, frame_line, read_events, read_frames
from leakwatch.case_files.truth_file import encode_truth, load_truth, truth_path
from leakwatch.core.arrays import read_only
from leakwatch.core.errors import CaseError
from leakwatch.core.frame import Acquisition, PixelFormat, View
from leakwatch.core.marks import CaseFile, Marks, Side
from leakwatch.core.results import Event, EventKind, Level, Reason
from leakwatch.core.truth import Truth, TruthFrame

MINIMAL = {"schema": "leakwatch.case/1", "dicom": "a.dcm", "view": "lateral"}
WALL = {"posterior_wall_px": [[10, 20], [11.5, 60]]}
ACQUISITION = Acquisition(
    rows=100, columns=200, pixel_format=PixelFormat("MONOCHROME2", 12), number_of_frames=30
)

# Hundredths of a pixel, as they are written.
coordinates = st.integers(-5_000, 200_000).map(lambda hundredths: hundredths / 100)
points = st.tuples(coordinates, coordinates)
finite = st.floats(allow_nan=False, allow_infinity=False)


def polylines(least: int) -> st.SearchStrategy[Any]:
    several = st.lists(points, min_size=least, max_size=9, unique=True)
    return several.map(lambda pairs: read_only(np.array(pairs)))


marks = st.builds(
    Marks,
    view=st.sampled_from(View),
    reference_frame=st.integers(0, 5000),
    baseline_frames=st.none()
    | st.tuples(st.integers(0, 99), st.integers(1, 99)).map(lambda p: (p[0], p[0] + p[1])),
    posterior_wall_px=st.none() | polylines(2),
    body_outline_px=st.none() | polylines(3),
    needle_tip_px=st.none() | points,
    anterior=st.none() | st.sampled_from(Side),
    vertebra=st.none() | st.text(min_size=1, max_size=32),
)
positive = st.floats(1e-3, 10.0)
cases = st.one_of(
    st.builds(CaseFile, st.text(min_size=1), marks),
    st.builds(CaseFile, st.text(min_size=1), marks, positive, st.none() | positive),
)


def written(folder: Path, content: object, name: str = "x.case.json") -> Path:
    """A file with `content`: bytes as they are, all else as JSON."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


def comparable(case: CaseFile) -> list[object]:
    """All that a case says, with arrays as lists."""
    return [
        case.dicom_path,
        case.mm_per_px,
        case.mm_per_px_sigma,
        *(
            value.tolist() if isinstance(value, np.ndarray) else value
            for value in (getattr(case.marks, key) for key in Marks.__slots__)
        ),
    ]


@given(cases)
def test_case_survives_writing_and_reading(
    tmp_path_factory: pytest.TempPathFactory, case: CaseFile
) -> None:
    path = written(tmp_path_factory.mktemp("case"), encode_case(case))
    assert comparable(load_case(path)) == comparable(case)


def test_minimal_case_leaves_all_else_unknown(tmp_path: Path) -> None:
    case = load_case(written(tmp_path, MINIMAL))
    assert comparable(case) == comparable(CaseFile("a.dcm", Marks(view=View.LATERAL)))
    assert case.marks.reference_frame == 0


def test_marks_cannot_be_changed(tmp_path: Path) -> None:
    wall = load_case(written(tmp_path, MINIMAL | WALL)).marks.posterior_wall_px
    assert wall is not None
    assert wall.dtype == np.float64
    with pytest.raises(ValueError, match="read-only"):
        wall[0, 0] = 1.0


def test_byte_order_mark_is_no_error(tmp_path: Path) -> None:
    path = written(tmp_path, b"\xef\xbb\xbf" + json.dumps(MINIMAL).encode())
    assert load_case(path).dicom_path == "a.dcm"


def test_shared_cases_are_read(shared: Path) -> None:
    paths = sorted((shared / "cases").glob("*.case.json"))
    assert len(paths) == 4
    for path in paths:
        case, truth = load_case(path), load_truth(truth_path(path))
        document = json.loads(path.read_bytes())
        assert case.marks.posterior_wall_px is not None
        assert case.marks.posterior_wall_px.tolist() == document["posterior_wall_px"]
        assert dicom_path(path, case).is_file()
        assert len(truth.frames) == len(json.loads(truth_path(path).read_bytes())["frames"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"mm_per_pixel": 0.2}, ["key mm_per_pixel is not known", "Did you mean mm_per_px?"]),
        ({"schema": "leakwatch.case/2"}, ["key schema", "leakwatch.case/2", "leakwatch.case/1"]),
        ({"view": "side"}, ["key view", '"side"', "lateral, ap or oblique"]),
        ({"dicom": ""}, ["key dicom", "relative to this file"]),
        ({"anterior": "front"}, ["key anterior", "left or right"]),
        ({"anterior": None}, ["key anterior", "Leave the key out"]),
        ({"reference_frame": -1}, ["key reference_frame", "-1"]),
        ({"reference_frame": 1.5}, ["key reference_frame", "1.5"]),
        ({"baseline_frames": [3, 3]}, ["baseline_frames [3, 3)", "no frame"]),
        ({"baseline_frames": [5, 2]}, ["baseline_frames [5, 2)"]),
        ({"baseline_frames": [1]}, ["key baseline_frames", "[first, last)"]),
        ({"posterior_wall_px": [[1, 2]]}, ["key posterior_wall_px", "two to 10000 points"]),
        ({"posterior_wall_px": [[1, 2], [3]]}, ["key posterior_wall_px[1]", "[3]"]),
        ({"posterior_wall_px": [[1, 2], [3, "4"]]}, ["key posterior_wall_px[1][1]", '"4"']),
        ({"posterior_wall_px": [[1, 2], [1, 2]]}, ["all points of posterior_wall_px"]),
        ({"body_outline_px": [[1, 2], [3, 4]]}, ["key body_outline_px", "three to 10000 points"]),
        ({"needle_tip_px": [1, 2, 3]}, ["key needle_tip_px", "one point"]),
        ({"mm_per_px": 0}, ["key mm_per_px", "above 0"]),
        ({"mm_per_px": -0.2}, ["key mm_per_px", "-0.2"]),
        ({"mm_per_px": "0.2"}, ["key mm_per_px", '"0.2"']),
        ({"mm_per_px_sigma": 0.1}, ["mm_per_px_sigma", "no mm_per_px"]),
        ({"mm_per_px": math.nan}, ["key mm_per_px", "nan", "finite"]),
        ({"posterior_wall_px": [[1, 2], [3, math.inf]]}, ["key posterior_wall_px[1][1]", "inf"]),
    ],
)
def test_error_names_key_and_way_out(
    tmp_path: Path, change: dict[str, object], words: list[str]
) -> None:
    path = written(tmp_path, MINIMAL | change)
    with pytest.raises(CaseError) as caught:
        load_case(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert [word for word in words if word not in message] == []
    assert "\n" not in message


@pytest.mark.parametrize("key", MINIMAL)
def test_missing_key_is_named(tmp_path: Path, key: str) -> None:
    rest = {name: value for name, value in MINIMAL.items() if name != key}
    with pytest.raises(CaseError, match=f"key {key} is missing"):
        load_case(written(tmp_path, rest))


def test_key_that_stands_twice_is_refused(tmp_path: Path) -> None:
    text = json.dumps(MINIMAL)[:-1] + ', "mm_per_px": 0.2, "mm_per_px": 0.3}'
    with pytest.raises(CaseError, match="key mm_per_px occurs twice"):
        load_case(written(tmp_path, text.encode()))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[" * 100_000,
        b'{"mm_per_px": 1e999}',
        b"\xff\xfe\x00",
        b"[]",
        b"null",
        b'"lateral"',
        b"NaN",
        b'{"schema": "leakwatch.case/1\xff"}',
    ],
)
def test_what_is_no_case_is_a_case_error(tmp_path: Path, content: bytes) -> None:
    path = written(tmp_path, content)
    with pytest.raises(CaseError, match=r"x\.case\.json"):
        load_case(path)


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_any_bytes_are_a_case_or_a_case_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = written(tmp_path_factory.mktemp("any"), content)
    for read in (load_case, load_truth):
        with pytest.raises(CaseError, match=r"x\.case\.json"):
            read(path)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | finite | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@given(st.sampled_from([*MINIMAL, *WALL, "needle_tip_px", "mm_per_px", "vertebra"]), json_values)
def test_any_value_is_read_or_its_key_is_named(
    tmp_path_factory: pytest.TempPathFactory, key: str, value: object
) -> None:
    path = written(tmp_path_factory.mktemp("any"), MINIMAL | {key: value})
    try:
        case = load_case(path)
    except CaseError as error:
        assert key in str(error)  # noqa: PT017
    else:
        assert comparable(case) != []


def test_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="No such file"):
        load_case(tmp_path / "none.case.json")
    with pytest.raises(CaseError, match="cannot be read"):
        load_case(tmp_path)


def test_case_without_view_cannot_be_written() -> None:
    with pytest.raises(CaseError, match="lateral, ap or oblique"):
        encode_case(CaseFile("a.dcm", Marks()))


def test_case_of_a_file_whose_name_is_not_valid_text_is_refused_in_a_sentence() -> None:
    marks = Marks(view=View.LATERAL)
    with pytest.raises(CaseError, match=r"w.udce4hrend.dcm, is not valid text .UTF-8.*Rename"):
        encode_case(CaseFile("w\udce4hrend.dcm", marks, None, None))


@pytest.mark.parametrize("spacing", [math.nan, math.inf, 0.0, -1.0])
def test_case_with_a_bad_spacing_cannot_be_written(spacing: float) -> None:
    with pytest.raises(CaseError, match="mm_per_px"):
        encode_case(CaseFile("a.dcm", Marks(view=View.AP), spacing))


@pytest.mark.parametrize(
    ("marks", "words"),
    [
        (Marks(reference_frame=30), ["reference_frame", "frame 30", "30 frames"]),
        (Marks(baseline_frames=(0, 31)), ["baseline_frames", "frame 30"]),
        (Marks(needle_tip_px=(200.0, 50.0)), ["needle_tip_px", "200 columns and 100 rows"]),
        (
            Marks(posterior_wall_px=read_only(np.array([[50.0, 150.0], [60.0, 160.0]]))),
            ["posterior_wall_px[0]", "[50.0, 150.0]"],
        ),
        (
            Marks(posterior_wall_px=read_only(np.array([[50.0, 50.0], [60.0, 121.0]]))),
            ["posterior_wall_px[1]", "[60.0, 121.0]"],
        ),
        (
            Marks(body_outline_px=read_only(np.array([[-30.0, 5.0], [9.0, 9.0], [5.0, 8.0]]))),
            ["body_outline_px[0]"],
        ),
    ],
)
def test_case_of_another_sequence_is_refused(marks: Marks, words: list[str]) -> None:
    with pytest.raises(CaseError) as caught:
        check_fits(CaseFile("a.dcm", marks), ACQUISITION, "x.case.json")
    message = str(caught.value)
    assert [word for word in ["x.case.json", *words] if word not in message] == []


def test_marks_in_the_picture_and_just_over_its_edge_fit() -> None:
    wall = read_only(np.array([[199.4, 0.0], [190.0, 99.4]]))
    over = read_only(np.array([[195.0, -15.0], [215.0, 50.0], [150.0, 99.0]]))
    marks = Marks(View.LATERAL, 29, (0, 30), wall, over, (-0.5, 99.4))
    check_fits(CaseFile("a.dcm", marks), ACQUISITION)


def test_case_is_not_compared_with_frames_that_nobody_counted() -> None:
    live = Acquisition(rows=100, columns=200, pixel_format=PixelFormat("MONOCHROME2", 12))
    check_fits(CaseFile("a.dcm", Marks(reference_frame=10_000)), live)


truth_frames = st.builds(
    TruthFrame,
    ml=st.floats(0, 10),
    dx=finite,
    dy=finite,
    distance_mm=st.none() | finite,
    leak_length_mm=st.floats(0, 100),
    area_mm2=st.floats(0, 2000),
)


@given(st.lists(truth_frames, max_size=4), st.sampled_from(["none", "epidural"]), st.data())
def test_truth_survives_writing_and_reading(
    tmp_path_factory: pytest.TempPathFactory,
    frames: list[TruthFrame],
    leak: str,
    data: st.DataObject,
) -> None:
    index = st.none() | st.integers(0, len(frames) - 1) if frames else st.none()
    truth = Truth(7.5, 0.235, leak, data.draw(index), data.draw(index), tuple(frames))
    path = written(tmp_path_factory.mktemp("truth"), encode_truth(truth))
    assert load_truth(path) == truth
    assert json.loads(path.read_bytes())["schema"] == "leakwatch.truth/1"


def test_truth_that_names_a_frame_that_it_does_not_have(tmp_path: Path) -> None:
    path = written(tmp_path, encode_truth(Truth(15.0, 0.2, "none", 3, None)))
    with pytest.raises(CaseError, match="breach_5mm_frame is 3, but there are 0 frames"):
        load_truth(path)


def test_truth_lies_beside_its_case() -> None:
    assert truth_path(Path("a/b.case.json")) == Path("a/b.truth.json")


def test_frame_line_says_what_was_measured(tmp_path: Path) -> None:
    alert = make_alert(Level.STOP, Reason.POSTERIOR_MARGIN, time_to_margin_s=1.23456)
    observation = make_observation(4, tubes=(make_tube(), make_tube(confirmed=False)))
    line = frame_line(make_snapshot(4, alert, observation))
    record = json.loads(line)
    assert line.endswith(b"}\n")
    assert list(record) == [
        "frame",
        "time_s",
        "level",
        "reasons",
        "distance_mm",
        "distance_sigma_mm",
        "area_mm2",
        "volume_ml",
        "tubular_length_mm",
        "shift_px",
        "quality",
        "latency_ms",
    ]
    assert (record["frame"], record["time_s"], record["level"]) == (4, 0.5, "STOP")
    assert record["reasons"] == ["posterior_margin"]
    assert record["distance_mm"] == 8.5  # (88 - 54) px of 0.25 mm
    assert record["tubular_length_mm"] == 8.05
    assert record["quality"]["spacing_source"] == "ImagerPixelSpacing*SOD/SID"
    assert record["quality"]["time_to_margin_s"] == 1.235
    assert read_frames(written(tmp_path, line))[0].distance_mm == 8.5


def test_frame_line_without_millimetres_has_none_anywhere() -> None:
    observation = make_observation(0, wall_distance=None, cement=None, calibration=UNCALIBRATED)
    record = json.loads(frame_line(make_snapshot(0, None, observation)))
    keys = ("distance_mm", "distance_sigma_mm", "area_mm2", "volume_ml", "tubular_length_mm")
    assert [record[key] for key in keys] == [None] * 5
    assert record["quality"]["mm_per_px"] is None
    assert record["quality"]["spacing_source"] == "no spacing in the tags"


def test_frame_line_never_holds_what_is_no_number() -> None:
    alert = make_alert(time_to_margin_s=math.inf)
    observation = make_observation(0, shift_px=(-0.0, 0.00001))
    line = frame_line(make_snapshot(0, alert, observation))
    record = json.loads(line, parse_constant=pytest.fail)
    assert record["quality"]["time_to_margin_s"] is None
    assert b"-0.0" not in line


events = st.builds(
    Event,
    frame=st.integers(0, 9999),
    time_s=st.integers(0, 10**8).map(lambda n: n / 10**4),
    kind=st.sampled_from(EventKind),
    level=st.none() | st.sampled_from(Level),
    reason=st.none() | st.sampled_from(Reason),
    distance_mm=st.none() | st.integers(-99_999, 99_999).map(lambda n: n / 1000),
    distance_sigma_mm=st.none() | st.integers(0, 9_999).map(lambda n: n / 1000),
    at_px=st.none() | points,
    text=st.none() | st.text(),
)


@given(st.lists(events, max_size=5))
def test_events_survive_writing_and_reading(
    tmp_path_factory: pytest.TempPathFactory, several: list[Event]
) -> None:
    content = b"".join(map(event_line, several))
    path = written(tmp_path_factory.mktemp("events"), content, "events.jsonl")
    assert list(read_events(path)) == several
    assert content.count(b"\n") == len(several)
    assert b"null" not in content.replace(b'"text":', b"").split(b'"')[0::2]


def test_event_leaves_out_what_is_not_known() -> None:
    event = Event(3, 0.2, EventKind.ALERT, Level.UNKNOWN, Reason.MOTION)
    assert json.loads(event_line(event)) == {
        "frame": 3,
        "time_s": 0.2,
        "event": "alert",
        "level": "UNKNOWN",
        "reason": "motion",
    }


@pytest.mark.parametrize("cut", range(1, 40, 3))
def test_last_line_that_was_cut_off_is_passed_over(tmp_path: Path, cut: int) -> None:
    lines = b"".join(frame_line(make_snapshot(index)) for index in range(3))
    records = read_frames(written(tmp_path, lines[:-cut]))
    # Without its newline only, the last line is whole.
    assert [record.frame for record in records] == ([0, 1, 2] if cut == 1 else [0, 1])


def test_damaged_line_in_the_middle_is_named(tmp_path: Path) -> None:
    line = frame_line(make_snapshot(0))
    with pytest.raises(CaseError, match="line 2: is not JSON"):
        read_frames(written(tmp_path, line + line[:20] + b"\n" + line))


def test_frames_of_two_runs_in_one_file_are_refused(tmp_path: Path) -> None:
    line = frame_line(make_snapshot(1))
    with pytest.raises(CaseError, match="frame 1 follows frame 1"):
        read_frames(written(tmp_path, line + line))


def test_frame_line_with_an_unknown_key_is_refused(tmp_path: Path) -> None:
    line = frame_line(make_snapshot(0)).replace(b'"latency_ms"', b'"latency_s"')
    with pytest.raises(CaseError, match="line 1: key latency_"):
        read_frames(written(tmp_path, line))


def test_case_in_the_documentation_is_one(tmp_path: Path, repository: Path) -> None:
    page = (repository / "docs/how-to/analyse-your-own-sequence.md").read_text("utf-8")
    block = page.partition("```json\n")[2].partition("```")[0]
    case = load_case(written(tmp_path, block.encode()))
    assert case.marks.anterior is Side.LEFT
    assert case.marks.posterior_wall_px is not None
    big = Acquisition(1024, 1024, PixelFormat("MONOCHROME2", 12), number_of_frames=60)
    check_fits(case, big)
