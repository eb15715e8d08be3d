"""`leakwatch replay`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from leakwatch.case_files.settings_file import load_settings
from leakwatch.cli.case_choice import chosen_case
from leakwatch.cli.console import (
    errors_in_one_paragraph,
    fail,
    import_gui,
    require_display,
    say,
    say_rules_off,
    say_what_to_doubt,
)
from leakwatch.cli.log_start import logged
from leakwatch.cli.options import (
    CalibrationOption,
    CaseOption,
    LogFileOption,
    NoCaseOption,
    SettingsOption,
)


def replay(
    case_or_sequence: Annotated[Path, typer.Argument(help="NAME.case.json, or a DICOM file.")],
    case: CaseOption = None,
    no_case: NoCaseOption = False,
    settings: SettingsOption = None,
    calibration: CalibrationOption = None,
    record: Annotated[
        Path | None, typer.Option("--record", help="Draw one frame into this PNG; no display.")
    ] = None,
    frame: Annotated[
        int | None,
        typer.Option("--frame", min=0, help="Frame to record; else the first STOP, or the last."),
    ] = None,
    log_file: LogFileOption = None,
) -> None:
    """Show a sequence in a window at its true speed, with what was seen in it."""
    if frame is not None and record is None:
        fail("--frame says which frame to record. Give --record FILE.png too.")
    typed = (case_or_sequence, case, calibration, record)
    with errors_in_one_paragraph(), logged("replay", log_file, settings, typed):
        if record is None:
            require_display()
        app_module = import_gui()
        from leakwatch.runner.stored_run import open_run

        case = chosen_case(case_or_sequence, case, no_case)
        run = open_run(case_or_sequence, load_settings(settings), case, calibration)
        say_what_to_doubt(run)
        say_rules_off(run)
        if record is None:
            app_module.show(run)
        else:
            say(app_module.record(run, record, frame))
