"""`leakwatch replay`: show a case in a window at its true speed, or draw one of its frames."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leakwatch.case_files.settings_file import load_settings
from leakwatch.cli.case_choice import chosen_case
from leakwatch.cli.console import (
    errors_in_one_paragraph,
    fail,
    import_gui,
    print_inactive_rules,
    print_line,
    print_warnings,
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
from leakwatch.core.errors import LeakWatchError
from leakwatch.core.messages import text

if TYPE_CHECKING:
    from leakwatch.config import Settings
    from leakwatch.runner.stored_run import AnalysisRun


def replay(
    case_or_sequence: Annotated[
        Path, typer.Argument(help=text("NAME.case.json, or a DICOM file."))
    ],
    case: CaseOption = None,
    no_case: NoCaseOption = False,
    settings: SettingsOption = None,
    calibration: CalibrationOption = None,
    record: Annotated[
        Path | None,
        typer.Option("--record", help=text("Draw one frame into this PNG; needs no display.")),
    ] = None,
    frame: Annotated[
        int | None,
        typer.Option(
            "--frame",
            min=0,
            help=text("Frame to record; default: the first STOP, else the last frame."),
        ),
    ] = None,
    log_file: LogFileOption = None,
) -> None:
    """Show a sequence in a window at its original speed, with the results.

    Of a recorded session with two planes both are shown, in step by time.
    """
    if frame is not None and record is None:
        fail(
            text(
                "--frame selects the frame to record, and --record is missing. Add --record "
                "FILE.png."
            )
        )
    typed = (case_or_sequence, case, calibration, record)
    with errors_in_one_paragraph(), logged("replay", log_file, settings, typed):
        if record is None:
            require_display()
        app_module = import_gui()
        from leakwatch.runner.stored_run import open_run

        case = chosen_case(case_or_sequence, case, no_case)
        run = open_run(case_or_sequence, load_settings(settings), case, calibration)
        print_warnings(run)
        print_inactive_rules(run)
        both = _second_plane(case_or_sequence, load_settings(settings))
        if both is not None:
            second, offset_s = both
            if record is None:
                app_module.show_both(run, second, offset_s, run.name)
            else:
                print_line(app_module.record_both(run, second, offset_s, record, frame))
        elif record is None:
            app_module.show(run)
        else:
            print_line(app_module.record(run, record, frame))


def _second_plane(folder: Path, settings: Settings) -> tuple[AnalysisRun, float] | None:
    """Open the second plane of a recorded session; without it the first one is still shown."""
    from leakwatch.case_files.case_file import case_beside
    from leakwatch.case_files.planes_file import find_second_plane
    from leakwatch.runner.stored_run import open_run

    try:
        second = find_second_plane(folder)
        if second is None:
            return None
        run = open_run(second.folder, settings, case_beside(second.folder))
    except LeakWatchError as error:
        warn(text("only the first plane is shown: {error}", error=str(error)))
        return None
    print_warnings(run)
    print_inactive_rules(run)
    if second.offset_s is None:
        warn(
            text(
                "{folder}: it is not recorded when the second plane began. Both start together.",
                folder=folder,
            )
        )
    return run, second.offset_s or 0.0
