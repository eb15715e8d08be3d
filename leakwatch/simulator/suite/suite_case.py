"""One case of a suite, made in a process of its own: filmed, checked against its truth, written."""

from __future__ import annotations

import math
import shutil
from dataclasses import dataclass
from pathlib import Path

from leakwatch.case_files.case_file import CASE_SUFFIX
from leakwatch.case_files.truth_file import MASKS_SUFFIX, TRUTH_SUFFIX, due_frame, load_truth
from leakwatch.core.errors import LeakWatchError, SinkError
from leakwatch.core.truth import Truth
from leakwatch.simulator.ct.ct_folder import with_ct_folder
from leakwatch.simulator.scenario.scenario import SCENARIO_SUFFIXES
from leakwatch.simulator.scene.scene import Scene, make_scene
from leakwatch.simulator.sequence.drawn_masks import cement_masks
from leakwatch.simulator.sequence.request import anatomy_of
from leakwatch.simulator.sequence.sequence_files import write_masks, write_simulation
from leakwatch.simulator.sequence.simulation import film
from leakwatch.simulator.suite.suite_file import SuiteCase

# In this order they come to their places: a case file is never there without its sequence and
# truth, and the scenario tells that a case is whole.
SUFFIXES = (".dcm", TRUTH_SUFFIX, CASE_SUFFIX, SCENARIO_SUFFIXES["json"])

# A contained injection keeps clear of the wall by what the rule asks for (5 mm) and an honest
# error of the wall; a leak of 1 mm is the first that can be seen.
CLEAR_MM, UNSEEN_LEAK_MM = 6.5, 1.0
# So long the cement must still flow after a STOP is due, or a late STOP could not be told.
FLOWS_ON_S = 2.0


@dataclass(frozen=True, slots=True)
class Work:
    """A case to make.

    Parameters
    ----------
    case : SuiteCase
    ct_folder : Path or None
    out, partial : Path
        Where its files belong, and where they are written first, on the same disk.
    only_masks : bool
        All else is there: an earlier program made no masks, or somebody removed them.
    """

    case: SuiteCase
    ct_folder: Path | None
    out: Path
    partial: Path
    only_masks: bool = False


@dataclass(frozen=True, slots=True)
class Made:
    """What became of a case.

    Parameters
    ----------
    truth_leak : str
        As the truth names it.
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
    """Make a case and write its files; the reason where that fails."""
    scenario = work.case.scenario
    try:
        scene = make_scene(scenario, anatomy_of(with_ct_folder(scenario, work.ct_folder)))
        if work.only_masks:
            truth = load_truth(work.out / f"{scenario.name}{TRUTH_SUFFIX}")
        else:
            truth = _filmed(work, scene)
        why = surprise(work.case, truth)
        if why is not None:
            return why
        folder = work.partial / scenario.name / f"{scenario.name}{MASKS_SUFFIX}"
        write_masks(cement_masks(scenario, scene), folder)
        put_in_place(work)
    except LeakWatchError as error:
        return str(error)
    return _made(truth)


def _filmed(work: Work, scene: Scene) -> Truth:
    """Make the sequence; what it turns out to be is written where it disturbs nobody."""
    simulation = film(work.case.scenario, scene)
    write_simulation(simulation, work.partial / work.case.scenario.name)
    return simulation.truth


def surprise(case: SuiteCase, truth: Truth) -> str | None:
    """Why a truth is not what the case is for; None where it is.

    ``contained``: cement stays farther than 6.5 mm from the wall, and no leak is seen. ``near``: it
    comes within 5 mm without a leak. ``leak``: at least 4 mm of leak are seen. Of the last two, the
    cement flows on for 2 s after a STOP is due.
    """
    distance = _least_distance_mm(truth)
    leaked = max(frame.leak_length_mm for frame in truth.frames)
    if case.expect == "contained":
        if leaked >= UNSEEN_LEAK_MM or (distance is not None and distance <= CLEAR_MM):
            return (
                f"it shall be contained, but comes within {distance} mm of the wall and leaks "
                f"{leaked} mm. Change injection.nearest_to_wall_mm or carm.angle_deg."
            )
        return None
    visible = truth.leak_visible_frame is not None
    if visible != (case.expect == "leak") or due_frame(truth) is None:
        return (
            f"it shall be a case of {case.expect!r}, but the truth has {truth.leak!r}: least "
            f"distance {distance} mm, leak {leaked} mm. Change leaks or injection."
        )
    return _too_late(case, truth)


def _too_late(case: SuiteCase, truth: Truth) -> str | None:
    due, volume_ml = due_frame(truth), case.scenario.injection.volume_ml
    if due is None:
        return None
    after = due + math.ceil(FLOWS_ON_S * truth.fps)
    if after < len(truth.frames) and truth.frames[after].ml < volume_ml:
        return None
    return (
        f"a STOP is due at {due / truth.fps:.2f} s of {len(truth.frames) / truth.fps:.2f} s, and "
        f"the cement must flow for {FLOWS_ON_S:g} s more. Let the leak open sooner, or inject more "
        "for longer."
    )


def _least_distance_mm(truth: Truth) -> float | None:
    seen = [frame.distance_mm for frame in truth.frames if frame.distance_mm is not None]
    return min(seen, default=None)


def _made(truth: Truth) -> Made:
    return Made(truth.leak, len(truth.frames), due_frame(truth), _least_distance_mm(truth))


def put_in_place(work: Work) -> None:
    """Move the files of a case from where they were written first to where they belong.

    Raises
    ------
    SinkError
        One cannot be moved.
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
            f"{error.filename}: cannot be put in place: {error.strerror}. Check --out."
        ) from error
