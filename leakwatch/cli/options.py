"""Options of the commands, each with its help."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer

from leakwatch.cli.console import fail
from leakwatch.core.arrays import Point

CaseOption = Annotated[
    Path | None,
    typer.Option(
        "--case",
        help="NAME.case.json: marks and calibration by a person. Default: the one beside the "
        "sequence, if there is one.",
    ),
]
NoCaseOption = Annotated[
    bool, typer.Option("--no-case", help="Do not use the case beside the sequence.")
]
SettingsOption = Annotated[Path | None, typer.Option("--settings", help="Settings, a TOML file.")]
CalibrationOption = Annotated[
    Path | None, typer.Option("--calibration", help="Calibration of the C-arm, a TOML file.")
]
StrictOption = Annotated[
    bool,
    typer.Option(
        "--strict",
        help="Exit code 4 where a rule was off, or too many frames were not judged.",
    ),
]
LogFileOption = Annotated[
    Path | None,
    typer.Option(
        "--log-file",
        help="Keep a log of what was decided and why, JSON lines without pixels or names of "
        "patients, to send with the report of a fault.",
    ),
]
SinkOption = Annotated[
    list[str] | None,
    typer.Option(
        "--sink",
        metavar="NAME[:REST]",
        help="Output of another package that gets every observation and alert; may be repeated.",
    ),
]

# Of `simulate`.
CtOption = Annotated[
    Path | None, typer.Option("--ct", help="Real anatomy: NIfTI, or folder of a DICOM CT series.")
]
VertebraeOption = Annotated[
    Path | None,
    typer.Option(
        "--vertebrae", help="Its vertebrae: NIfTI labels, a folder of masks, or DICOM SEG."
    ),
]
BodyOption = Annotated[
    Path | None, typer.Option("--body", help="Vertebral bodies, as --vertebrae; optional.")
]
LevelOption = Annotated[
    str | None,
    typer.Option("--level", help="Target: L1, or the number of a label; of a suite also L1,L2."),
]
AngleOption = Annotated[
    float | None,
    typer.Option("--angle", min=-40.0, max=40.0, help="Degrees off the true view, on purpose."),
]
MasksOption = Annotated[
    bool,
    typer.Option(
        "--masks", help="Write NAME.masks/ too: a PNG of the cement in each frame. A suite does."
    ),
]
GridOption = Annotated[
    float | None,
    typer.Option(
        "--grid", min=2.0, max=100.0, help="No injection: a plate of wires this far apart, mm."
    ),
]
SuiteOption = Annotated[
    str | None,
    typer.Option(
        "--suite",
        help="A built-in suite (see --list), or a TOML file; with --ct, --vertebrae and --level "
        "over a CT of your own.",
    ),
]
CtFolderOption = Annotated[
    Path | None,
    typer.Option(
        "--ct-folder",
        help="Where the CTs lie that a suite names, or NAME.scenario.json of one of its cases; a "
        "suite looks in LEAKWATCH_CT and ../shared/ct too.",
    ),
]

# Of `bench`.
DetectorOption = Annotated[
    str,
    typer.Option(
        "--detector",
        help="leakwatch, naive, a detector of another package by its name, or a command with "
        "{dicom}, {case}, {out}.",
    ),
]
JobsOption = Annotated[
    int | None, typer.Option("--jobs", min=1, help="Cases at a time; default: one a core.")
]
WallOnlyOption = Annotated[
    bool, typer.Option("--wall-only", help="Use no mark but the posterior wall.")
]
AgainstOption = Annotated[
    Path | None, typer.Option("--against", help="report.json of an earlier run to compare with.")
]
SchedulerOption = Annotated[
    str | None, typer.Option("--scheduler", help="Dask cluster to use: tcp://HOST:PORT.")
]
AdapterOption = Annotated[
    Path | None, typer.Option("--adapter", help="Python file that reads a set of another shape.")
]
TimeoutOption = Annotated[
    float | None,
    typer.Option("--timeout", min=1.0, help="Most seconds of a command for a case; default: 900."),
]


def point_of(text: str, option: str) -> Point:
    """A point that was written as COLUMN,ROW."""
    try:
        column, row = (float(part) for part in text.split(","))
    except ValueError:
        column = row = math.nan
    if not (math.isfinite(column) and math.isfinite(row)):
        fail(f"{option} {text}: this is no point. Write COLUMN,ROW, such as 210,188.5.")
    return (column, row)
