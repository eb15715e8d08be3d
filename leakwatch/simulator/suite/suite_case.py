"""Production of one case of a suite in its own process: rendered, validated, written."""

from __future__ import annotations

import math
import shutil
from dataclasses import dataclass
from pathlib import Path

from leakwatch.case_files.case_file import CASE_SUFFIX
from leakwatch.case_files.truth_file import MASKS_SUFFIX, TRUTH_SUFFIX, due_frame, load_truth
from leakwatch.core.errors import LeakWatchError, SinkError
from leakwatch.core.messages import text
from leakwatch.core.truth import Truth
from leakwatch.simulator.ct.ct_folder import with_ct_folder
from leakwatch.simulator.scenario.scenario import SCENARIO_SUFFIXES
from leakwatch.simulator.scene.scene import Scene, make_scene
from leakwatch.simulator.sequence.drawn_masks import cement_masks
from leakwatch.simulator.sequence.request import anatomy_of
from leakwatch.simulator.sequence.sequence_files import write_masks, write_simulation
from leakwatch.simulator.sequence.simulation import render_frames
from leakwatch.simulator.suite.suite_file import SuiteCase

# Order in which files are moved into place: a case file is never without its sequence and truth,
# and the scenario shows that a case is complete.
SUFFIXES = (".dcm", TRUTH_SUFFIX, CASE_SUFFIX, SCENARIO_SUFFIXES["json"])

# A contained injection keeps the margin (5 mm) and a realistic error of the wall; leaks are visible
# from 1 mm on.
CLEAR_MM, UNSEEN_LEAK_MM = 6.5, 1.0
# Cement must flow for this time after a STOP is due, to distinguish late from missed STOPs.
FLOWS_ON_S = 2.0


@dataclass(frozen=True, slots=True)
class Work:
    """A case to make.

    Parameters
    ----------
    case : SuiteCase
    ct_folder : Path or None
    out, partial : Path
        Final folder of its files, and folder in which they are written first, on the same disk.
    only_masks : bool
        Only the masks are missing: an earlier version made none, or they were removed.
    """

    case: SuiteCase
    ct_folder: Path | None
    out: Path
    partial: Path
    only_masks: bool = False


@dataclass(frozen=True, slots=True)
class Made:
    """A completed case.

    Parameters
    ----------
    truth_leak : str
        Kind of leak in the truth.
    frames : int
    due_frame : int or None
        First frame with cement within 5 mm of the wall or a leak of 4 mm.
    least_distance_mm : float or None
    """

    truth_leak: str
    frames: int
    due_frame: int | None
    least_distance_mm: float | None


def make_case(work: Work) -> Made | str:
    """Make a case and write its files; return the reason if that fails."""
    scenario = work.case.scenario
    try:
        scene = make_scene(scenario, anatomy_of(with_ct_folder(scenario, work.ct_folder)))
        if work.only_masks:
            truth = load_truth(work.out / f"{scenario.name}{TRUTH_SUFFIX}")
        else:
            truth = _render(work, scene)
        why = unexpected_outcome(work.case, truth)
        if why is not None:
            return why
        folder = work.partial / scenario.name / f"{scenario.name}{MASKS_SUFFIX}"
        write_masks(cement_masks(scenario, scene), folder)
        move_into_place(work)
    except LeakWatchError as error:
        return str(error)
    return _made(truth)


def _render(work: Work, scene: Scene) -> Truth:
    """Render the sequence, and write it to a temporary folder."""
    simulation = render_frames(work.case.scenario, scene)
    write_simulation(simulation, work.partial / work.case.scenario.name)
    return simulation.truth


def unexpected_outcome(case: SuiteCase, truth: Truth) -> str | None:
    """Return why a truth does not match the purpose of the case; None if it does.

    ``contained``: cement stays more than 6.5 mm from the wall, without a visible leak. ``near``: it
    comes within 5 mm without a leak. ``leak``: at least 4 mm of leak are visible. For the last two,
    cement flows for 2 s after a STOP is due.
    """
    distance = _least_distance_mm(truth)
    leaked = max(frame.leak_length_mm for frame in truth.frames)
    if case.expect == "contained":
        if leaked >= UNSEEN_LEAK_MM or (distance is not None and distance <= CLEAR_MM):
            return text(
                "it must be contained, but cement comes within {distance} mm of the wall and leaks "
                "{leaked} mm. Change injection.nearest_to_wall_mm or carm.angle_deg.",
                distance=distance,
                leaked=leaked,
            )
        return None
    visible = truth.leak_visible_frame is not None
    if visible != (case.expect == "leak") or due_frame(truth) is None:
        return text(
            "it must be a case of {expected!r}, but the truth is {found!r}: shortest distance "
            "{distance} mm, leak {leaked} mm. Change leaks or injection.",
            expected=case.expect,
            found=truth.leak,
            distance=distance,
            leaked=leaked,
        )
    return _check_flow_after_due(case, truth)


def _check_flow_after_due(case: SuiteCase, truth: Truth) -> str | None:
    due, volume_ml = due_frame(truth), case.scenario.injection.volume_ml
    if due is None:
        return None
    after = due + math.ceil(FLOWS_ON_S * truth.fps)
    if after < len(truth.frames) and truth.frames[after].ml < volume_ml:
        return None
    return text(
        "a STOP is due at {stop_s:.2f} s of {length_s:.2f} s, but the cement must flow for "
        "{remaining_s:g} s more. Let the leak open earlier, or inject more for longer.",
        stop_s=due / truth.fps,
        length_s=len(truth.frames) / truth.fps,
        remaining_s=FLOWS_ON_S,
    )


def _least_distance_mm(truth: Truth) -> float | None:
    seen = [frame.distance_mm for frame in truth.frames if frame.distance_mm is not None]
    return min(seen, default=None)


def _made(truth: Truth) -> Made:
    return Made(truth.leak, len(truth.frames), due_frame(truth), _least_distance_mm(truth))


def move_into_place(work: Work) -> None:
    """Move the files of a case from the temporary to the final folder.

    Raises
    ------
    SinkError
        A file cannot be moved.
    """
    name, suffixes = work.case.scenario.name, () if work.only_masks else SUFFIXES
    masks, made = f"{name}{MASKS_SUFFIX}", work.partial / name
    try:
        for suffix in reversed(suffixes):
            (work.out / f"{name}{suffix}").unlink(missing_ok=True)
        if (work.out / masks).is_dir():
            shutil.rmtree(work.out / masks)
        (made / masks).replace(work.out / masks)
        for suffix in suffixes:
            (made / f"{name}{suffix}").replace(work.out / f"{name}{suffix}")
        made.rmdir()
    except OSError as error:
        raise SinkError(
            text(
                "{filename}: cannot be moved into place: {reason}. Check --out.",
                filename=error.filename,
                reason=error.strerror,
            )
        ) from error
