"""The cases of the golden runs: small, made from seeds, and as different as rooms are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import islice
from pathlib import Path

import msgspec

from leakwatch.benchmark.blinding.blinded import make_blinding_scene
from leakwatch.benchmark.blinding.blinding import BlindingMethod, apply_method
from leakwatch.benchmark.blinding.blinding_methods import BLINDING_METHODS
from leakwatch.benchmark.cases.dataset import BenchCase
from leakwatch.benchmark.cases.manifest import find_cases
from leakwatch.config import Settings
from leakwatch.core.frame import Frame, View
from leakwatch.core.results import Snapshot
from leakwatch.core.spacing import Calibration, SpacingRung
from leakwatch.runner.stored_run import AnalysisRun, open_run
from leakwatch.simulator.anatomy.anatomy import Anatomy
from leakwatch.simulator.scenario.scenario import Scenario
from leakwatch.simulator.scene.scene import Scene, make_scene
from leakwatch.simulator.sequence.request import anatomy_of
from leakwatch.simulator.sequence.sequence_files import write_simulation
from leakwatch.simulator.sequence.simulation import render_frames

Change = Callable[[AnalysisRun], AnalysisRun]

# 30 frames; cement from frame 10 on, and a leak about frame 18. Coarse pixels, for speed: a body
# is 40 px deep.
BASE: dict[str, object] = {
    "seed": 21,
    "anatomy": {"level": "L2"},
    "carm": {"rows": 192, "columns": 216, "pitch_mm": 0.6},
    "sequence": {"fps": 6.0, "duration_s": 5.0},
    "injection": {"start_s": 1.6, "volume_ml": 1.8, "rate_ml_s": 0.6},
}
# What a scene is made of. It takes three seconds, and its films one each: they share it.
SCENES: dict[str, dict[str, object]] = {
    "basivertebral": {"leaks": [{"path": "basivertebral", "opens_ml": 0.7}]},
    "anterior": {"leaks": [{"path": "anterior_vein", "opens_ml": 0.7}]},
    "posterior": {"leaks": [{"path": "cortical_posterior", "opens_ml": 0.8}]},
}
LARGE_BREATHS = {"breath_period_s": 2.5, "spine_mm": [0.0, 1.5, -5.0], "tremble_mm": 0.12}
# By name: the scene, and what the film changes of it.
FILMS: dict[str, tuple[str, dict[str, object]]] = {
    "basivertebral-vein": ("basivertebral", {}),
    "anterior-vein": ("anterior", {}),
    "epidural-through-the-wall": ("posterior", {}),
    "breathing": ("anterior", {"motion": LARGE_BREATHS}),
    "exposure-jumps": (
        "basivertebral",
        {"brightness": {"jumps": [{"at_s": 2.2, "factor": 1.3}, {"at_s": 3.4, "factor": 0.75}]}},
    ),
    "cannula-moves": (
        "posterior",
        {"cannula": {"moves": [{"at_s": 2.4, "over_s": 0.6, "turn_deg": 4.0, "withdraw_mm": 6.0}]}},
    ),
    "last-image-hold": (
        "basivertebral",
        {"pedal": [{"off_s": 2.0, "on_s": 3.0}], "hold_last_image": True},
    ),
    "blades": (
        "anterior",
        {"collimation": [{"at_s": 2.2, "columns_share": 0.72, "rows_share": 0.62}]},
    ),
    "display-inverted": (
        "basivertebral",
        {"pixels": {"bits": 10, "relationship": "DISP", "inverted": True}},
    ),
}
# Stored samples of which something is taken away or changed: the sample, how, from which frame on.
SAMPLES: dict[str, tuple[str, str, int]] = {
    "sample-epidural": ("epidural", "as-it-is", 22),
    "sample-contained": ("contained", "as-it-is", 22),
    "sample-held": ("epidural", "hold-2s", 22),
    "sample-blade-over-the-body": ("contained", "blade-right", 22),
    "sample-blade-after-a-stop": ("epidural", "blade-bottom", 38),
    "sample-pause": ("epidural", "pause-60s", 22),
    "sample-gap": ("contained", "gap-2s", 22),
    "sample-dose": ("epidural", "dose-0.7", 22),
}
SAMPLE_FRAMES = 46  # of 54; the first STOP of `epidural` is at 37
SHARED = (
    "anterior-vein",
    "contained-moving-cannula",
    "epidural-basivertebral",
    "posterior-margin",
)
SHARED_FRAMES = 60  # of 105; the wall is reached at 51 to 55


def _without_wall(run: AnalysisRun) -> AnalysisRun:
    return replace(run, marks=replace(run.marks, posterior_wall_px=None))


def _without_millimetres(run: AnalysisRun) -> AnalysisRun:
    nothing = Calibration(None, None, SpacingRung.NONE, "no spacing in the file")
    return replace(run, calibration=nothing)


def _only_wall(run: AnalysisRun) -> AnalysisRun:
    bare = replace(run.marks, body_outline_px=None, needle_tip_px=None, baseline_frames=None)
    return replace(run, marks=bare)


def _anteroposterior(run: AnalysisRun) -> AnalysisRun:
    return replace(run, marks=replace(run.marks, view=View.AP))


# The same film with other marks or another scale.
REMARKED: dict[str, tuple[str, Change]] = {
    "no-wall": ("anterior-vein", _without_wall),
    "no-millimetres": ("basivertebral-vein", _without_millimetres),
    "only-a-wall": ("epidural-through-the-wall", _only_wall),
    "marked-as-ap": ("basivertebral-vein", _anteroposterior),
}
NAMES = (*FILMS, *REMARKED, *SAMPLES)


@dataclass
class GoldenCases:
    """Makes each case when it is asked for.

    Parameters
    ----------
    repository : Path
        Where sample_dicom/ lies.
    folder : Path
        For simulated sequences.
    """

    repository: Path
    folder: Path
    _scenes: dict[str, Scene] = field(default_factory=dict)

    def snapshots(self, name: str) -> Iterator[Snapshot]:
        """Fold over one of `NAMES`."""
        if name in SAMPLES:
            return self._sample(*SAMPLES[name])
        if name in REMARKED:
            film_name, change = REMARKED[name]
            return _folded(self._film(film_name), change)
        return _folded(self._film(name), lambda run: run)

    @cached_property
    def _anatomy(self) -> Anatomy:
        return anatomy_of(msgspec.convert(BASE | {"name": "golden"}, Scenario))

    def _film(self, name: str) -> Path:
        """Return the case file of a film, made where it is not there yet."""
        path = self.folder / f"{name}.case.json"
        if not path.exists():
            key, changes = FILMS[name]
            if key not in self._scenes:
                told = BASE | SCENES[key] | {"name": key}
                self._scenes[key] = make_scene(msgspec.convert(told, Scenario), self._anatomy)
            told = BASE | SCENES[key] | changes | {"name": name}
            simulation = render_frames(msgspec.convert(told, Scenario), self._scenes[key])
            write_simulation(simulation, self.folder)
        return path

    def _sample(self, name: str, way_name: str, start: int) -> Iterator[Snapshot]:
        path = self.repository / "sample_dicom"
        case = next(case for case in find_cases(path).cases if case.name == name)
        way = next(one for one in BLINDING_METHODS if one.name == way_name)
        changed = partial(_in_a_way, way=way, case=case, start=start)
        return islice(_folded(case.case_path, changed), SAMPLE_FRAMES)


def shared_snapshots(shared: Path, name: str) -> Iterator[Snapshot]:
    """Fold over the beginning of one of `SHARED`."""
    return islice(_folded(shared / "cases" / f"{name}.case.json", lambda run: run), SHARED_FRAMES)


def _folded(case_path: Path, change: Change) -> Iterator[Snapshot]:
    run = open_run(case_path, Settings())
    with closing(run.source):
        yield from change(run).iter_snapshots()


def _in_a_way(run: AnalysisRun, way: BlindingMethod, case: BenchCase, start: int) -> AnalysisRun:
    """Return a run whose frames are changed from `start` on, as the bench changes them."""
    frames = tuple(run.frames)
    before = run.marks.baseline_frames
    scene = make_blinding_scene(run, frames, case, start, 2 if before is None else before[1])

    def changed() -> Iterator[Frame]:
        yield from frames[:start]
        for frame in frames[start:]:
            pixels = apply_method(way, scene, frame.index)
            if pixels is not None:
                yield replace(frame, pixels=pixels, time_s=frame.time_s + way.pause_s)

    return replace(run, frames=changed())
