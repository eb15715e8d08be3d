"""`leakwatch simulate`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leakwatch.cli.console import errors_in_one_paragraph, fail, progress, say
from leakwatch.cli.options import (
    AngleOption,
    BodyOption,
    CtFolderOption,
    CtOption,
    GridOption,
    JobsOption,
    LevelOption,
    MasksOption,
    SuiteOption,
    VertebraeOption,
)
from leakwatch.core.errors import needs_extra
from leakwatch.core.plural import counted_noun

if TYPE_CHECKING:
    from leakwatch.simulator.scenario.scenario import Scenario
    from leakwatch.simulator.scene.scene import Scene
    from leakwatch.simulator.suite.suite_run import SuitePlan

SOME_FAILED = 3  # of `--suite`: the others were made


def simulate(  # noqa: PLR0913, PLR0917 - an argument for each option
    scenario: Annotated[
        str, typer.Argument(help="A built-in scenario (see --list), or a TOML file.")
    ] = "",
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder; made where absent.")] = Path(
        "out"
    ),
    list_them: Annotated[bool, typer.Option("--list", help="List the built-in ones.")] = False,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Another seed.")] = None,
    ct: CtOption = None,
    vertebrae: VertebraeOption = None,
    body: BodyOption = None,
    level: LevelOption = None,
    angle: AngleOption = None,
    masks: MasksOption = False,
    grid: GridOption = None,
    suite: SuiteOption = None,
    jobs: JobsOption = None,
    ct_folder: CtFolderOption = None,
) -> None:
    """Make a fluoroscopy sequence of a cement injection, with its exact truth; or a suite of them.

    Writes NAME.dcm, NAME.case.json, NAME.truth.json and NAME.scenario.json. The same scenario and
    seed give the same bytes. A suite writes those of each case, the cement in each frame, and
    suite.json; what is there is not made again while nothing that it depends on changed. Exit code
    0: all was made; 2: bad arguments or input; 3: some cases of a suite could not be made, and the
    end says which.
    """
    with errors_in_one_paragraph(), needs_extra("sim", "`leakwatch simulate`"):
        from leakwatch.simulator.sequence.request import requested_scenario
        from leakwatch.simulator.suite.suite_anatomy import other_anatomy
        from leakwatch.simulator.suite.suite_file import load_suite
        from leakwatch.simulator.suite.suite_run import plan_suite

    with errors_in_one_paragraph():
        if list_them:
            _list_scenarios_and_suites()
        elif suite is not None:
            if scenario or angle is not None:
                fail("--suite says itself what its cases are. Leave out the scenario and --angle.")
            if ct is not None and ct_folder is not None:
                fail("--ct and --ct-folder are both given. Leave out one of them.")
            other = other_anatomy(ct, vertebrae, body, level)
            _simulate_suite(plan_suite(load_suite(suite), out, seed, ct_folder, other), jobs)
        elif scenario:
            wanted = requested_scenario(scenario, seed, level, ct, vertebrae, body, angle)
            if grid is None:
                _simulate_one(wanted, out, ct_folder, masks)
            else:
                _simulate_grid(wanted, grid, out)
        else:
            fail("no scenario is named. `leakwatch simulate --list` lists the built-in ones.")


def _simulate_one(wanted: Scenario, out: Path, ct_folder: Path | None, masks: bool) -> None:
    from leakwatch.simulator.ct.ct_folder import (
        by_name,
        find_ct_folder,
        named_files,
        with_ct_folder,
    )
    from leakwatch.simulator.scene.scene import frame_times_s, make_scene
    from leakwatch.simulator.sequence.request import anatomy_of
    from leakwatch.simulator.sequence.sequence_files import write_simulation
    from leakwatch.simulator.sequence.simulation import render_frames

    found = wanted
    if ct_folder is not None:
        wanted = by_name(wanted)
        found = with_ct_folder(wanted, find_ct_folder(named_files(wanted), ct_folder))
    with progress(wanted.name, len(frame_times_s(wanted))) as on_frame:
        scene = make_scene(wanted, anatomy_of(found))
        simulation = render_frames(wanted, scene, on_frame)
    written = [path.name for path in write_simulation(simulation, out)]
    written += _write_masks(wanted, scene, out, masks)
    say(f"{counted_noun(len(simulation.frames), 'frame')}; leak: {simulation.truth.leak}")
    say(f"written to {out}: {', '.join(written)}")


def _write_masks(scenario: Scenario, scene: Scene, out: Path, wanted: bool) -> list[str]:
    """Masks of an earlier sequence of this name do not stay: they would be wrong."""
    from leakwatch.case_files.truth_file import MASKS_SUFFIX
    from leakwatch.simulator.sequence.drawn_masks import cement_masks
    from leakwatch.simulator.sequence.sequence_files import write_masks

    folder = out / f"{scenario.name}{MASKS_SUFFIX}"
    if not wanted and not folder.is_dir():
        return []
    count = write_masks(cement_masks(scenario, scene), folder)
    return [f"{folder.name}/ ({count} PNG files)"]


def _simulate_grid(scenario: Scenario, pitch_mm: float, out: Path) -> None:
    from leakwatch.simulator.sequence.grid_plate import GridPlate, render_plate
    from leakwatch.simulator.sequence.sequence_files import write_sequence

    made = render_plate(scenario, GridPlate(pitch_mm))
    path = write_sequence(made, out, f"{scenario.name}-grid")
    frames = counted_noun(len(made.frames), "frame")
    say(f"{frames} of a grid of {pitch_mm:g} mm; written to {path}")


def _list_scenarios_and_suites() -> None:
    from leakwatch.simulator.scenario.scenario import built_in_scenarios
    from leakwatch.simulator.suite.suite_file import built_in_suites

    say("Scenarios:")
    for scenario in built_in_scenarios():
        say(f"{scenario.name:24} {scenario.title}")
    say("Suites, for --suite:")
    for suite in built_in_suites():
        say(f"{suite.name:24} {suite.title}")


def _simulate_suite(plan: SuitePlan, jobs: int | None) -> None:
    from leakwatch.simulator.suite.suite_run import run_suite

    with progress(plan.suite.name, plan.frames_to_make) as on_frames:
        index = run_suite(plan, jobs or os.cpu_count() or 1, on_frames)
    kept = f" ({len(plan.kept)} were there already)" if plan.kept else ""
    cases = counted_noun(len(plan.cases), "case")
    say(f"{len(index.cases)} of {cases}{kept}; written to {plan.out}")
    for case in index.not_made:
        say(f"leakwatch: {case.name} was not made: {case.why}", err=True)
    if index.not_made:
        raise typer.Exit(SOME_FAILED)
