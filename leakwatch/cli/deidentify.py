"""`leakwatch deidentify`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from leakwatch.cli.console import BAD_INPUT, errors_in_one_paragraph, say


def deidentify(
    source: Annotated[Path, typer.Argument(help="DICOM file, or folder: one session.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Empty folder for the copies.")],
    pictures_checked: Annotated[
        bool,
        typer.Option(
            "--pictures-checked",
            help="You looked: no picture of a screen, of film or in colour names anybody.",
        ),
    ] = False,
) -> None:
    """Copy DICOM files without the patient.

    Keeps what describes the X-ray picture and drops all else: names, dates, overlays, private
    elements. Pixels are written anew, without loss. UIDs are new, and the same for the same old
    one. Refused are files whose pictures hold text, and what is no X-ray picture. Exit code 2:
    some files were not copied.
    """
    from leakwatch.deidentification.deidentified_files import copy_deidentified

    with errors_in_one_paragraph():
        done = copy_deidentified(source, out, pictures_checked)
    for refused in done.refused:
        say(f"leakwatch: not copied: {refused}", err=True)
    if done.not_dicom:
        say(f"leakwatch: {done.not_dicom} files are no DICOM and were passed over", err=True)
    if done.unstated:
        say(
            f"leakwatch: {done.unstated} of the files do not say whether text is burned into their "
            "pictures (no Burned In Annotation). Look at them before you hand them on.",
            err=True,
        )
    say(f"{done.written} files written to {out}")
    if done.refused or not done.written:
        raise typer.Exit(BAD_INPUT)
