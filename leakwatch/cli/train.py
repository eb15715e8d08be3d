"""`leakwatch train`: let a person watch cases without alarms, and score the STOPs."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leakwatch.case_files.settings_file import load_settings
from leakwatch.cli.case_choice import chosen_case
from leakwatch.cli.console import (
    errors_in_one_paragraph,
    fail,
    import_gui,
    print_line,
    progress,
    require_display,
    warn,
)
from leakwatch.cli.log_start import logged
from leakwatch.cli.options import (
    CalibrationOption,
    CaseOption,
    LogFileOption,
    NoCaseOption,
    SettingsOption,
)
from leakwatch.config import Settings
from leakwatch.core.errors import MissingExtraError, needs_extra
from leakwatch.core.messages import counted, text, translate

if TYPE_CHECKING:
    from leakwatch.simulator.suite.suite_file import SuiteCase
    from leakwatch.training.scoring import CaseCourse, Score
    from leakwatch.training.training_case import OnProgress, TrainingCase, TrainingItem
    from leakwatch.training.training_records import TrainingSession

# Names for several cases, besides folders of cases.
BUILT_IN, ALL_OF_LIBRARY = "built-in", "library"
# Subfolder of the case library for the simulated built-in cases.
MADE_FOLDER = "training"
# Another one for cases that were made from CTs.
CT_FOLDER = "training-ct"

WhatArgument = Annotated[
    str,
    typer.Argument(
        metavar="CASE|LIBRARY",
        help=text(
            "NAME.case.json, a DICOM file, or a recorded session; a case of the library by "
            "number or name; a folder of cases; `library` for all its cases; a built-in "
            "case (see --list); `built-in` for all of them."
        ),
    ),
]
TraineeOption = Annotated[
    str,
    typer.Option(
        "--trainee", help=text("Name or pseudonym; without one, results are shown but not saved.")
    ),
]
StopAtOption = Annotated[
    list[float] | None,
    typer.Option(
        "--stop-at-s",
        min=0.0,
        help=text("Time at which STOP is pressed, s of the case; may be repeated."),
    ),
]


def train(  # noqa: PLR0913, PLR0917 - an argument for each option
    what: WhatArgument = "",
    trainee: TraineeOption = "",
    list_them: Annotated[
        bool, typer.Option("--list", help=text("List the built-in cases."))
    ] = False,
    shuffle: Annotated[
        bool, typer.Option("--shuffle", help=text("Show the cases in random order."))
    ] = False,
    window: Annotated[
        bool, typer.Option(help=text("Show a window; otherwise score the STOPs of --stop-at-s."))
    ] = True,
    stop_at_s: StopAtOption = None,
    case: CaseOption = None,
    no_case: NoCaseOption = False,
    settings: SettingsOption = None,
    calibration: CalibrationOption = None,
    log_file: LogFileOption = None,
) -> None:
    """Train people to recognise leakage: show a case without alarms, and score the STOP.

    The trainee presses the space bar when cement leaks or comes within 5 mm of the posterior wall.
    The score includes the reaction time from the frame in which a STOP was due, the cement injected
    after that, and false STOPs. NAME.truth.json beside the case defines when a STOP was due;
    without it, LeakWatch's STOP is used. Then the case is shown again with the results of
    LeakWatch. Without CASE, it is chosen in the window. Built-in cases are simulated on first use.
    `leakwatch trainees` shows and exports results.
    """
    typed = (what, case, calibration)  # not the trainee's name
    with errors_in_one_paragraph(), logged("train", log_file, settings, typed):
        if list_them:
            _list_built_in()
            return
        if not what and not window:
            fail(text("no case is given. List the built-in ones with `leakwatch train --list`."))
        if window and stop_at_s:
            fail(text("--stop-at-s is for a session without a window. Give --no-window too."))
        if window:
            require_display("`leakwatch train CASE --no-window --stop-at-s SECONDS`")
            import_gui()
        if Path(what).is_file():
            case = chosen_case(Path(what), case, no_case)
        loaded = load_settings(settings)
        items = list(_programme(what, loaded, case, calibration) if what else _all(loaded))
        if shuffle:
            random.shuffle(items)
        if window:
            from leakwatch.gui.training.training_app import show_training

            from_ct = partial(_from_ct, loaded)
            show_training(items, trainee, loaded, choose=not what, from_ct=from_ct)
        elif len(items) != 1:
            fail(
                counted(
                    "{what} has {count} case. Without a window, give one case.",
                    "{what} has {count} cases. Without a window, give one of them.",
                    count=len(items),
                    what=what,
                )
            )
        else:
            _judge(items[0], trainee, sorted(stop_at_s or []))


def _judge(item: TrainingItem, trainee: str, presses_s: Sequence[float]) -> None:
    """Score a session whose presses are given."""
    from leakwatch.training.scoring import score
    from leakwatch.training.training_case import analyse_for_training
    from leakwatch.training.training_records import TrainingRecords, check_name

    with ExitStack() as closing:
        records = number = None
        if trainee:
            name = check_name(trainee)
            records = closing.enter_context(TrainingRecords())
        with progress(item.name, None) as on_frame:
            opened = item.opened(lambda words, done, total: on_frame())
            course = analyse_for_training(opened, on_frame)
        end_s = course.times_s[-1]
        if presses_s and presses_s[-1] > end_s:
            fail(
                text(
                    "--stop-at-s {stop_s:g}: the case ends at {end_s:.2f} s. Give an earlier time.",
                    stop_s=presses_s[-1],
                    end_s=end_s,
                )
            )
        if records is not None:
            number = records.begin(name, opened.name)
        scored = score(course, presses_s, opened.run.settings.training)
        kept = None
        if records is not None and number is not None:
            kept = records.finish(number, course, scored)
    _print_result(course, scored, kept)


def _print_result(course: CaseCourse, scored: Score, kept: TrainingSession | None) -> None:
    from leakwatch.training.training_words import headline, score_facts

    print_line(headline(scored))
    for fact in score_facts(course, scored):
        print_line(text("{name}: {value}", name=fact.name, value=fact.value))
    if kept is None:
        warn(text("the result is not saved, since no --trainee is given"))
    else:
        print_line(text("saved as session {id} of {trainee}", id=kept.id, trainee=kept.trainee))


def _programme(
    what: str, settings: Settings, case: Path | None, calibration: Path | None
) -> Sequence[TrainingItem]:
    """Return the cases that `what` refers to, in order."""
    from leakwatch.case_files.library_database import DATABASE_NAME
    from leakwatch.case_files.session_file import SESSION_NAME

    path = Path(what)
    if not path.exists():
        return _named(what, settings)
    if path.is_dir() and not (path / SESSION_NAME).is_file() and case is None:
        if (path / DATABASE_NAME).is_file():
            return _of_library(path, settings)
        found = sorted(path.rglob("*.case.json"))
        if found:
            return [_of_path(one, settings, None, calibration) for one in found]
    return [_of_path(path, settings, case, calibration)]


def _named(what: str, settings: Settings) -> Sequence[TrainingItem]:
    """Return cases that are not files or folders: built-in ones, or those of the library."""
    from leakwatch.case_files.library_database import library_folder
    from leakwatch.core.errors import LibraryError
    from leakwatch.library.case_library import CaseLibrary

    if what == ALL_OF_LIBRARY:
        return _of_library(library_folder(), settings)
    with needs_extra("sim", text("a built-in case")):
        from leakwatch.simulator.suite.training_cases import training_cases
    cases = training_cases()
    if what == BUILT_IN:
        return [_built_in(one, settings) for one in cases]
    for one in cases:
        if one.scenario.name == what:
            return [_built_in(one, settings)]
    try:
        with CaseLibrary() as library:
            return [_of_path(library.case(what).folder, settings, None, None)]
    except LibraryError as error:
        fail(
            text(
                "{what}: there is no such file or folder, no such built-in case (see "
                "`leakwatch train --list`), and {error}",
                what=what,
                error=str(error),
            )
        )


def _all(settings: Settings) -> Sequence[TrainingItem]:
    """Return what can be chosen in the window: built-in cases, those of CTs, and the library."""
    from leakwatch.case_files.library_database import library_folder
    from leakwatch.library.case_library import CaseLibrary

    items: list[TrainingItem] = []
    try:
        items += _named(BUILT_IN, settings)
    except MissingExtraError as error:
        warn(str(error))
    made = sorted((library_folder() / CT_FOLDER).rglob("*.case.json"))
    items += [_of_path(one, settings, None, None) for one in made]
    with CaseLibrary() as library:
        kept = [one for one in library.cases() if one.state != "recording"]
    return [*items, *(_of_path(one.folder, settings, None, None, one.name) for one in kept)]


def _from_ct(
    settings: Settings, ct: Path, vertebrae: Path, levels: str, on_progress: OnProgress
) -> Sequence[TrainingItem]:
    """Return the built-in injections in the anatomy of a CT, each simulated on first use."""
    from leakwatch.case_files.library_database import library_folder

    with needs_extra("sim", text("cases from a CT")):
        from leakwatch.simulator.ct.ct_folder import with_ct_folder
        from leakwatch.simulator.sequence.request import anatomy_of
        from leakwatch.simulator.suite.suite_anatomy import other_anatomy, replace_anatomy
        from leakwatch.simulator.suite.training_cases import training_cases
    on_progress(text("Reading the CT"), 0, None)
    other = other_anatomy(ct.absolute(), vertebrae.absolute(), None, levels)
    assert other is not None
    cases = [
        replace(one, scenario=with_ct_folder(one.scenario, other.folder))
        for one in replace_anatomy(training_cases(), other)
    ]
    # Each level once: a CT that cannot be used is told now, not when a trainee begins.
    for one in cases[: len(other.levels)]:
        anatomy_of(one.scenario)
        on_progress(text("Reading the CT"), 0, None)
    name = re.sub(r"[^\w.-]", "_", f"{ct.name.partition('.')[0]}-{levels}")
    folder = library_folder() / CT_FOLDER / name
    return [
        replace(
            _built_in(one, settings, folder),
            about=text("CT {name}: {about}", name=name, about=one.scenario.title),
        )
        for one in cases
    ]


def _of_library(folder: Path, settings: Settings) -> Sequence[TrainingItem]:
    from leakwatch.library.case_library import CaseLibrary

    with CaseLibrary(folder) as library:
        cases = [one for one in library.cases() if one.state != "recording"]
    if not cases:
        fail(
            text(
                "there is no case in {folder}. Add one with `leakwatch cases add SEQUENCE`.",
                folder=folder,
            )
        )
    return [_of_path(one.folder, settings, None, None, one.name) for one in cases]


def _of_path(
    path: Path,
    settings: Settings,
    case: Path | None,
    calibration: Path | None,
    name: str | None = None,
) -> TrainingItem:
    from leakwatch.training.training_case import TrainingItem

    opened = partial(_opened, path, settings, case, calibration, name)
    return TrainingItem(name or path.name.removesuffix(".case.json"), "", opened)


def _opened(
    path: Path,
    settings: Settings,
    case: Path | None,
    calibration: Path | None,
    name: str | None,
    on_progress: OnProgress,
) -> TrainingCase:
    from leakwatch.training.training_case import open_training_case

    on_progress(text("Opening the case"), 0, None)
    found = open_training_case(path, settings, case, calibration)
    return found if name is None else replace(found, name=name)


def _built_in(case: SuiteCase, settings: Settings, folder: Path | None = None) -> TrainingItem:
    """Return a case that is simulated on first use, into `folder` or that of the built-in ones."""
    from leakwatch.training.training_case import TrainingItem

    opened = partial(_opened_built_in, case, settings, folder)
    return TrainingItem(case.scenario.name, case.scenario.title, opened)


def _opened_built_in(
    case: SuiteCase, settings: Settings, folder: Path | None, on_progress: OnProgress
) -> TrainingCase:
    """Open a built-in case; simulate it on first use."""
    from leakwatch.case_files.library_database import library_folder

    with needs_extra("sim", text("a built-in case")):
        from leakwatch.simulator.suite.training_cases import frames_of, make_training_case
    done, total = 0, frames_of(case)

    def on_frame() -> None:
        nonlocal done
        done += 1
        on_progress(text("Simulating the case, on first use"), done, total)

    path = make_training_case(case, folder or library_folder() / MADE_FOLDER, on_frame)
    return _opened(path, settings, None, None, None, on_progress)


def _list_built_in() -> None:
    from leakwatch.case_files.library_database import library_folder

    with needs_extra("sim", text("the list of built-in cases")):
        from leakwatch.simulator.suite.training_cases import find_kept_case, training_cases
    for case in training_cases():
        kept = find_kept_case(case, library_folder() / MADE_FOLDER) is not None
        made = text("simulated") if kept else text("simulated on first use")
        print_line(f"{case.scenario.name:14} {translate(case.scenario.title)} ({translate(made)})")
