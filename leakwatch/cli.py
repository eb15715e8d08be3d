"""The command line. Exit codes: 0 all done, 2 bad arguments or input, 3 the input ended early."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from leakwatch import __version__
from leakwatch.banner import REASON_WORDS
from leakwatch.cli_options import (
    AdapterOption,
    AgainstOption,
    AngleOption,
    BodyOption,
    CalibrationOption,
    CaseOption,
    CtFolderOption,
    CtOption,
    DetectorOption,
    JobsOption,
    SchedulerOption,
    SettingsOption,
    SuiteOption,
    TimeoutOption,
    VertebraeOption,
    WallOnlyOption,
)
from leakwatch.config import load_settings
from leakwatch.errors import LeakWatchError
from leakwatch.model import TimeSource

if TYPE_CHECKING:
    from leakwatch.analysis import Outcome
    from leakwatch.session import Run

BAD_INPUT, ENDED_EARLY, INTERRUPTED = 2, 3, 130
SOME_FAILED = 3  # of `simulate --suite`: the others were made

HELP = """Watch fluoroscopy while bone cement is injected, and say stop before it leaks.

Research and training software; not a medical device. It must not guide the treatment of a patient.
"""

app = typer.Typer(
    name="leakwatch",
    help=HELP,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Run the command line; the entry point of the package."""
    app()


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"leakwatch {__version__}")
        raise typer.Exit


@app.callback()
def _before_commands(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    pass


@app.command()
def analyze(
    sequence: Annotated[Path, typer.Argument(help="DICOM file, or a folder of single frames.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the results; made where absent.")],
    case: CaseOption = None,
    settings: SettingsOption = None,
    calibration: CalibrationOption = None,
    video: Annotated[bool, typer.Option(help="Write overlay.mp4, the slowest part.")] = True,
) -> None:
    """Measure every frame of a sequence and write what was found.

    Writes frames.jsonl, events.jsonl, trend.png and overlay.mp4 into the folder, replacing those
    of an earlier run and nothing else. Exit code 0: every frame was read; 2: bad arguments or
    input; 3: the input ended early, and what was read is written.
    """
    # Imported here, so that --help and --version answer at once.
    from leakwatch.analysis import analyse
    from leakwatch.session import open_run

    with _errors_in_one_paragraph():
        run = open_run(sequence, load_settings(settings), case, calibration)
        try:
            _say_what_to_doubt(run)
            with _progress(run.name, run.acquisition.number_of_frames) as on_frame:
                outcome = analyse(run, out, video, on_frame)
        finally:
            run.source.close()
    _say_outcome(outcome, out)
    if outcome.not_recorded is not None:
        _fail(outcome.not_recorded)
    if outcome.ended_early is not None:
        raise typer.Exit(ENDED_EARLY)


@app.command()
def replay(
    case_or_sequence: Annotated[Path, typer.Argument(help="NAME.case.json, or a DICOM file.")],
    case: CaseOption = None,
    settings: SettingsOption = None,
    calibration: CalibrationOption = None,
    record: Annotated[
        Path | None, typer.Option("--record", help="Draw one frame into this PNG; no display.")
    ] = None,
    frame: Annotated[
        int | None,
        typer.Option("--frame", min=0, help="Frame to record; else the first STOP, or the last."),
    ] = None,
) -> None:
    """Show a sequence in a window at its true speed, with what was seen in it."""
    if frame is not None and record is None:
        _fail("--frame says which frame to record. Give --record FILE.png too.")
    with _errors_in_one_paragraph():
        if record is None:
            _require_display()
        app_module = _gui()
        from leakwatch.session import open_run

        run = open_run(case_or_sequence, load_settings(settings), case, calibration)
        _say_what_to_doubt(run)
        if record is None:
            app_module.show(run)
        else:
            typer.echo(app_module.record(run, record, frame))


@app.command()
def simulate(  # noqa: PLR0913, PLR0917 - an argument for each option
    scenario: Annotated[
        str, typer.Argument(help="A built-in scenario (see --list), or a TOML file.")
    ] = "",
    out: Annotated[Path, typer.Option("--out", help="Folder; made where absent.")] = Path("out"),
    list_them: Annotated[bool, typer.Option("--list", help="List the built-in ones.")] = False,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Another seed.")] = None,
    ct: CtOption = None,
    vertebrae: VertebraeOption = None,
    body: BodyOption = None,
    level: Annotated[
        str | None, typer.Option("--level", help="Target: L1, or the number of a label.")
    ] = None,
    angle: AngleOption = None,
    suite: SuiteOption = None,
    jobs: JobsOption = None,
    ct_folder: CtFolderOption = None,
) -> None:
    """Make a fluoroscopy sequence of a cement injection, with its exact truth; or a suite of them.

    Writes NAME.dcm, NAME.case.json, NAME.truth.json and NAME.scenario.json. The same scenario and
    seed give the same bytes. A suite writes those of each case, and suite.json; what is there is
    not made again while nothing that it depends on changed. Exit code 0: all was made; 2: bad
    arguments or input; 3: some cases of a suite could not be made, and the end says which.
    """
    from leakwatch.phantom.ct_folder import by_name, find_ct_folder, named_files, with_ct_folder
    from leakwatch.phantom.request import anatomy_of, requested_scenario
    from leakwatch.phantom.scene import frame_times_s
    from leakwatch.phantom.sequence_files import write_simulation
    from leakwatch.phantom.simulate import simulate as simulate_sequence

    with _errors_in_one_paragraph():
        if list_them:
            _list_scenarios_and_suites()
            return
        if suite is not None:
            if scenario or any(value is not None for value in (ct, vertebrae, body, level, angle)):
                _fail("--suite says itself what its cases are. Give --seed, --jobs, --ct-folder.")
            _simulate_suite(suite, out, seed, jobs, ct_folder)
            return
        if not scenario:
            _fail("no scenario is named. `leakwatch simulate --list` lists the built-in ones.")
        wanted = requested_scenario(scenario, seed, level, ct, vertebrae, body, angle)
        found = wanted
        if ct_folder is not None:
            wanted = by_name(wanted)
            found = with_ct_folder(wanted, find_ct_folder(named_files(wanted), ct_folder))
        with _progress(wanted.name, len(frame_times_s(wanted))) as on_frame:
            simulation = simulate_sequence(wanted, anatomy_of(found), on_frame)
        written = write_simulation(simulation, out)
    names = ", ".join(path.name for path in written)
    typer.echo(f"{len(simulation.frames)} frames; leak: {simulation.truth.leak}")
    typer.echo(f"written to {out}: {names}")


def _list_scenarios_and_suites() -> None:
    from leakwatch.phantom.scenario import built_in_scenarios
    from leakwatch.phantom.suite import built_in_suites

    typer.echo("Scenarios:")
    for scenario in built_in_scenarios():
        typer.echo(f"{scenario.name:24} {scenario.title}")
    typer.echo("Suites, for --suite:")
    for suite in built_in_suites():
        typer.echo(f"{suite.name:24} {suite.title}")


def _simulate_suite(
    name: str, out: Path, seed: int | None, jobs: int | None, ct_folder: Path | None
) -> None:
    from leakwatch.phantom.suite import load_suite
    from leakwatch.phantom.suite_run import plan_suite, run_suite

    plan = plan_suite(load_suite(name), out, seed, ct_folder)
    with _progress(plan.suite.name, plan.frames_to_make) as on_frames:
        index = run_suite(plan, jobs or os.cpu_count() or 1, on_frames)
    kept = f" ({len(plan.kept)} were there already)" if plan.kept else ""
    typer.echo(f"{len(index.cases)} of {len(plan.cases)} cases{kept}; written to {out}")
    for case in index.not_made:
        typer.echo(f"leakwatch: {case.name} was not made: {case.why}", err=True)
    if index.not_made:
        raise typer.Exit(SOME_FAILED)


@app.command()
def bench(  # noqa: PLR0913, PLR0917 - an argument for each option
    folder: Annotated[Path, typer.Argument(help="Folder with *.case.json and *.truth.json.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the results; made where absent.")],
    detector: DetectorOption = "leakwatch",
    jobs: JobsOption = None,
    wall_only: WallOnlyOption = False,
    settings: SettingsOption = None,
    against: AgainstOption = None,
    scheduler: SchedulerOption = None,
    adapter: AdapterOption = None,
    timeout: TimeoutOption = None,
) -> None:
    """Judge a detector on cases with known truth.

    Writes report.html, report.json, and below cases/ what the detector wrote. What is done is not
    done again while nothing that it depends on changed. Exit code 0: every case was judged; 2: bad
    arguments or input; 3: some cases could not be judged, and the report says which.
    """
    from leakwatch.bench.benchmark import Request, carry_out, make_plan
    from leakwatch.bench.dataset import load_adapter
    from leakwatch.bench.detector import parse_detector
    from leakwatch.bench.report_file import load_report
    from leakwatch.bench.report_folder import report_lines, unjudged, write_report
    from leakwatch.bench.scoring import make_report

    with _errors_in_one_paragraph():
        request = Request(
            folder,
            out,
            parse_detector(detector, timeout),
            load_settings(settings),
            wall_only,
            jobs or os.cpu_count() or 1,
            scheduler,
            None if adapter is None else load_adapter(adapter),
        )
        earlier = None if against is None else load_report(against)
        plan = make_plan(request)
        with _progress("bench", plan.frames_to_do) as on_frame:
            for case in carry_out(plan):
                on_frame(case.truth.frames)
        report = make_report(plan, earlier)
        written = write_report(report, out)
    for line in report_lines(report):
        typer.echo(line)
    typer.echo(f"written to {out}: {', '.join(written)}")
    if unjudged(report):
        raise typer.Exit(ENDED_EARLY)


@contextmanager
def _errors_in_one_paragraph() -> Iterator[None]:
    try:
        yield
    except LeakWatchError as error:
        _fail(str(error))
    except KeyboardInterrupt:
        typer.echo("leakwatch: interrupted; what was written until now stays.", err=True)
        raise typer.Exit(INTERRUPTED) from None


def _fail(message: str) -> NoReturn:
    typer.echo(f"leakwatch: {message}", err=True)
    raise typer.Exit(BAD_INPUT)


def _say_what_to_doubt(run: Run) -> None:
    """Tell on stderr what is assumed or missing, before any number is shown."""
    if run.calibration.mm_per_px is None:
        typer.echo(f"leakwatch: no millimetres: {run.calibration.source}", err=True)
    if run.acquisition.time_source is TimeSource.ASSUMED and run.acquisition.number_of_frames != 1:
        typer.echo("leakwatch: no frame times in the file: 15 frames/s are assumed", err=True)
    for note in run.acquisition.notes:
        typer.echo(f"leakwatch: {note}", err=True)


@contextmanager
def _progress(name: str, total: int | None) -> Iterator[Callable[..., None]]:
    """A bar with rate and time left on stderr; nothing where that is no terminal."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(name, total=total, rate="")

        def on_frame(frames: int = 1) -> None:
            speed = progress.tasks[task].speed
            rate = "" if speed is None else f"{speed:.0f} frames/s"
            progress.update(task, advance=frames, rate=rate)

        yield on_frame


def _say_outcome(outcome: Outcome, out: Path) -> None:
    stop = outcome.first_stop
    if stop is None:
        said = "no STOP"
    else:
        reason = "" if stop.reason is None else f": {REASON_WORDS[stop.reason]}"
        said = f"first STOP at {stop.time_s:.2f} s, frame {stop.frame}{reason}"
    unjudged = f" ({outcome.unknown} of them UNKNOWN)" if outcome.unknown else ""
    typer.echo(f"{outcome.frames} frames{unjudged}; {said}")
    typer.echo(f"written to {out}: {', '.join(outcome.written)}")
    for message in outcome.degraded:
        typer.echo(f"leakwatch: degraded: {message}", err=True)
    if outcome.ended_early is not None:
        typer.echo(f"leakwatch: the input ended early: {outcome.ended_early}", err=True)


def _require_display() -> None:
    """Qt ends the whole process where it finds no display: look before it does."""
    named = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    if sys.platform == "linux" and not any(os.environ.get(name) for name in named):
        _fail(
            "there is no display for the window. Use `leakwatch replay ... --record FILE.png`, or "
            "`leakwatch analyze`, which writes overlay.mp4."
        )


def _gui() -> ModuleType:
    try:
        from leakwatch.gui import app as gui_app
    except ImportError as error:
        _fail(
            f"the window needs the extra `gui`, and {error.name or 'a part of it'} is missing. "
            "Install it with: pip install 'leakwatch[gui]'"
        )
    return gui_app
