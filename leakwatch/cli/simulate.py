"""`leakwatch simulate`: render an injection, or a suite of them, with exact truth."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leakwatch.case_files.case_file import CASE_SUFFIX
from leakwatch.cli.console import errors_in_one_paragraph, fail, print_line, progress, warn
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
from leakwatch.core.messages import counted, text

if TYPE_CHECKING:
    from leakwatch.simulator.scenario.scenario import Scenario
    from leakwatch.simulator.scene.scene import Scene
    from leakwatch.simulator.suite.suite_run import SuitePlan
    from leakwatch.training.training_case import OnProgress

SOME_FAILED = 3  # some cases of `--suite`


def simulate(  # noqa: PLR0913, PLR0917 - an argument for each option
    scenario: Annotated[
        str, typer.Argument(help=text("A built-in scenario (see --list), or a TOML file."))
    ] = "",
    out: Annotated[
        Path, typer.Option("--out", "-o", help=text("Folder; created if absent."))
    ] = Path("out"),
    list_them: Annotated[
        bool, typer.Option("--list", help=text("List built-in scenarios and suites."))
    ] = False,
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, help=text("Another random seed."))
    ] = None,
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
    """Simulate a fluoroscopy sequence of a cement injection with its exact truth, or a suite.

    Writes NAME.dcm, NAME.case.json, NAME.truth.json and NAME.scenario.json. The same scenario and
    seed give the same bytes. A suite writes these files and the cement masks of each case, and
    suite.json; cases whose inputs have not changed are not simulated again. Exit code 0: success;
    2: bad arguments or input; 3: some cases of a suite could not be simulated; the last lines list
    them.
    """
    with errors_in_one_paragraph(), needs_extra("sim", text("`leakwatch simulate`")):
        from leakwatch.simulator.sequence.request import requested_scenario
        from leakwatch.simulator.suite.suite_anatomy import other_anatomy
        from leakwatch.simulator.suite.suite_file import load_suite
        from leakwatch.simulator.suite.suite_run import plan_suite

    with errors_in_one_paragraph():
        if list_them:
            _list_scenarios_and_suites()
        elif suite is not None:
            if scenario or angle is not None:
                fail(
                    text(
                        "--suite defines its cases, and a scenario or --angle is given too. Leave "
                        "these out."
                    )
                )
            if ct is not None and ct_folder is not None:
                fail(text("--ct and --ct-folder are both given. Leave out one of them."))
            other = other_anatomy(ct, vertebrae, body, level)
            _simulate_suite(plan_suite(load_suite(suite), out, seed, ct_folder, other), jobs)
        elif scenario:
            wanted = requested_scenario(scenario, seed, level, ct, vertebrae, body, angle)
            if grid is None:
                _simulate_one(wanted, out, ct_folder, masks)
            else:
                _simulate_grid(wanted, grid, out)
        else:
            fail(
                text(
                    "no scenario is given. List the built-in ones with `leakwatch simulate --list`."
                )
            )


def built_in_rows() -> tuple[tuple[str, str], ...]:
    """Return name and title of each built-in scenario.

    Raises
    ------
    MissingExtraError
        The simulator is not installed.
    """
    with needs_extra("sim", text("the simulator")):
        from leakwatch.simulator.scenario.scenario import built_in_scenarios
    return tuple((one.name, one.title) for one in built_in_scenarios())


def simulate_into(name: str, folder: Path, on_progress: OnProgress) -> Path:
    """Simulate a built-in scenario into a folder, and return NAME.case.json.

    Raises
    ------
    LeakWatchError
        The simulator is not installed, or the folder cannot be written.
    """
    with needs_extra("sim", text("the simulator")):
        from leakwatch.simulator.scene.scene import frame_times_s, make_scene
        from leakwatch.simulator.sequence.request import anatomy_of, requested_scenario
        from leakwatch.simulator.sequence.sequence_files import write_simulation
        from leakwatch.simulator.sequence.simulation import render_frames
    wanted = requested_scenario(name)
    done, total = 0, len(frame_times_s(wanted))
    said = text("Simulating the case")
    on_progress(said, 0, None)

    def on_frame() -> None:
        nonlocal done
        done += 1
        on_progress(said, done, total)

    made = render_frames(wanted, make_scene(wanted, anatomy_of(wanted)), on_frame)
    written = write_simulation(made, folder)
    return next(path for path in written if path.name.endswith(CASE_SUFFIX))


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
    print_line(
        counted(
            "{count} frame; leak: {leak}",
            "{count} frames; leak: {leak}",
            count=len(simulation.frames),
            leak=simulation.truth.leak,
        )
    )
    print_line(text("written to {output}: {written}", output=out, written=", ".join(written)))


def _write_masks(scenario: Scenario, scene: Scene, out: Path, wanted: bool) -> list[str]:
    """Write masks if requested, or replace those of an earlier sequence of this name."""
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
    print_line(
        counted(
            "{count} frame of a grid of {pitch_mm:g} mm; written to {path}",
            "{count} frames of a grid of {pitch_mm:g} mm; written to {path}",
            count=len(made.frames),
            pitch_mm=pitch_mm,
            path=path,
        )
    )


def _list_scenarios_and_suites() -> None:
    from leakwatch.simulator.scenario.scenario import built_in_scenarios
    from leakwatch.simulator.suite.suite_file import built_in_suites

    print_line(text("Scenarios:"))
    for scenario in built_in_scenarios():
        print_line(f"{scenario.name:24} {scenario.title}")
    print_line(text("Suites, for --suite:"))
    for suite in built_in_suites():
        print_line(f"{suite.name:24} {suite.title}")


def _simulate_suite(plan: SuitePlan, jobs: int | None) -> None:
    from leakwatch.simulator.suite.suite_run import run_suite

    with progress(plan.suite.name, plan.frames_to_make) as on_frames:
        index = run_suite(plan, jobs or os.cpu_count() or 1, on_frames)
    print_line(
        counted(
            "{simulated} of {count} case ({existing} already existed); written to {output}",
            "{simulated} of {count} cases ({existing} already existed); written to {output}",
            count=len(plan.cases),
            simulated=len(index.cases),
            existing=len(plan.kept),
            output=plan.out,
        )
    )
    for case in index.not_made:
        warn(text("{name} was not simulated: {why}", name=case.name, why=case.why))
    if index.not_made:
        raise typer.Exit(SOME_FAILED)
