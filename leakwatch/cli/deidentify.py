"""`leakwatch deidentify`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from leakwatch.cli.console import BAD_INPUT, errors_in_one_paragraph


def deidentify(
    source: Annotated[Path, typer.Argument(help="DICOM file, or folder: one session.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Empty folder for the copies.")],
) -> None:
    """Copy DICOM files without the patient.

    Keeps what describes the X-ray picture and drops all else: names, dates, overlays, private
    elements. UIDs are new, and the same for the same old one. Files whose pictures hold text are
    refused. Exit code 2: some files were not copied.
    """
    from leakwatch.sources.deidentified_files import copy_without_patient

    with errors_in_one_paragraph():
        done = copy_without_patient(source, out)
    for refused in done.refused:
        typer.echo(f"leakwatch: not copied: {refused}", err=True)
    if done.passed_over:
        typer.echo(
            f"leakwatch: {done.passed_over} files are no DICOM and were passed over", err=True
        )
    typer.echo(f"{done.written} files written to {out}")
    if done.refused or not done.written:
        raise typer.Exit(BAD_INPUT)
