"""Options that several commands share, with their help texts."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer

from leakwatch.cli.console import fail
from leakwatch.core.arrays import Point
from leakwatch.core.messages import text

CaseOption = Annotated[
    Path | None,
    typer.Option(
        "--case",
        help=text(
            "NAME.case.json: marks and calibration by the user. Default: the one beside "
            "the sequence, if there is one."
        ),
    ),
]
NoCaseOption = Annotated[
    bool, typer.Option("--no-case", help=text("Do not use the case beside the sequence."))
]
SettingsOption = Annotated[
    Path | None, typer.Option("--settings", help=text("Settings, a TOML file."))
]
CalibrationOption = Annotated[
    Path | None, typer.Option("--calibration", help=text("Calibration of the C-arm, a TOML file."))
]
StrictOption = Annotated[
    bool,
    typer.Option(
        "--strict",
        help=text("Exit code 4 if a rule was inactive, or too many frames were not assessed."),
    ),
]
LogFileOption = Annotated[
    Path | None,
    typer.Option(
        "--log-file",
        help=text(
            "Keep a log of decisions and their reasons, as JSON lines without pixels or "
            "patient names, to send with a bug report."
        ),
    ),
]
SinkOption = Annotated[
    list[str] | None,
    typer.Option(
        "--sink",
        metavar="NAME[:REST]",
        help=text(
            "Output of another package that receives every observation and alert; may be repeated."
        ),
    ),
]

# Of the second plane of a biplane C-arm.
SecondOption = Annotated[
    str | None,
    typer.Option(
        "--second",
        metavar="SOURCE",
        help=text("Source of the second plane of a biplane C-arm, or of its other view."),
    ),
]
SecondCaseOption = Annotated[
    Path | None, typer.Option("--second-case", help=text("--case for the second plane."))
]
SecondCalibrationOption = Annotated[
    Path | None,
    typer.Option("--second-calibration", help=text("--calibration for the second plane.")),
]

# Of `simulate`.
CtOption = Annotated[
    Path | None,
    typer.Option("--ct", help=text("Real anatomy: NIfTI, or folder of a DICOM CT series.")),
]
VertebraeOption = Annotated[
    Path | None,
    typer.Option(
        "--vertebrae",
        help=text("Vertebrae of the CT: NIfTI labels, a folder of masks, or DICOM SEG."),
    ),
]
BodyOption = Annotated[
    Path | None,
    typer.Option("--body", help=text("Vertebral bodies, in the formats of --vertebrae; optional.")),
]
LevelOption = Annotated[
    str | None,
    typer.Option(
        "--level", help=text("Target: L1, or the number of a label; for a suite also L1,L2.")
    ),
]
AngleOption = Annotated[
    float | None,
    typer.Option(
        "--angle", min=-40.0, max=40.0, help=text("Deviation from the true view, degrees.")
    ),
]
MasksOption = Annotated[
    bool,
    typer.Option(
        "--masks",
        help=text(
            "Also write NAME.masks/: a PNG of the cement in each frame. A suite always does."
        ),
    ),
]
GridOption = Annotated[
    float | None,
    typer.Option(
        "--grid",
        min=2.0,
        max=100.0,
        help=text("No injection: a plate of wires at this distance, mm."),
    ),
]
SuiteOption = Annotated[
    str | None,
    typer.Option(
        "--suite",
        help=text(
            "A built-in suite (see --list), or a TOML file; with --ct, --vertebrae and "
            "--level from your own CT."
        ),
    ),
]
CtFolderOption = Annotated[
    Path | None,
    typer.Option(
        "--ct-folder",
        help=text(
            "Folder of the CTs that a suite, or NAME.scenario.json of one of its cases, "
            "refers to; a suite also searches LEAKWATCH_CT and ../shared/ct."
        ),
    ),
]

# Of `bench`.
DetectorOption = Annotated[
    str,
    typer.Option(
        "--detector",
        help=text(
            "leakwatch, naive, the name of a detector of another package, or a command "
            "with {dicom}, {case}, {out}."
        ),
    ),
]
JobsOption = Annotated[
    int | None,
    typer.Option("--jobs", min=1, help=text("Cases to run in parallel; default: one per core.")),
]
WallOnlyOption = Annotated[
    bool, typer.Option("--wall-only", help=text("Use only the mark of the posterior wall."))
]
AgainstOption = Annotated[
    Path | None,
    typer.Option("--against", help=text("report.json of an earlier run to compare with.")),
]
SchedulerOption = Annotated[
    str | None, typer.Option("--scheduler", help=text("Dask cluster to use: tcp://HOST:PORT."))
]
AdapterOption = Annotated[
    Path | None,
    typer.Option("--adapter", help=text("Python file that reads a data set in another format.")),
]
TimeoutOption = Annotated[
    float | None,
    typer.Option(
        "--timeout", min=1.0, help=text("Time limit of a command for a case, s; default: 900.")
    ),
]


def point_of(given: str, option: str) -> Point:
    """Return the point written as COLUMN,ROW."""
    try:
        column, row = (float(part) for part in given.split(","))
    except ValueError:
        column = row = math.nan
    if not (math.isfinite(column) and math.isfinite(row)):
        fail(
            text(
                "{option} {value}: not a point. Write COLUMN,ROW, such as 210,188.5.",
                option=option,
                value=given,
            )
        )
    return (column, row)
