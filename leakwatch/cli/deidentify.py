"""`leakwatch deidentify`: copy DICOM files without the identity of the patient."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from leakwatch.cli.console import BAD_INPUT, errors_in_one_paragraph, print_line, warn
from leakwatch.core.messages import text


def deidentify(
    source: Annotated[Path, typer.Argument(help=text("DICOM file, or folder: one session."))],
    out: Annotated[Path, typer.Option("--out", "-o", help=text("Empty folder for the copies."))],
    pictures_checked: Annotated[
        bool,
        typer.Option(
            "--pictures-checked",
            help=text(
                "You have checked that no screen capture, scanned film or colour image names a "
                "person."
            ),
        ),
    ] = False,
) -> None:
    """Copy DICOM files without patient identity.

    Keeps the elements that describe the X-ray image and removes all others: names, dates, overlays,
    private elements. Pixels are encoded again without loss. UIDs are replaced consistently. Files
    with burned-in annotation, and files that are not X-ray images, are refused. Exit code 2: some
    files were not copied.
    """
    from leakwatch.deidentification.deidentified_files import copy_deidentified

    with errors_in_one_paragraph():
        done = copy_deidentified(source, out, pictures_checked)
    for refused in done.refused:
        warn(text("not copied: {refused}", refused=refused))
    if done.not_dicom:
        warn(
            text(
                "{count} files are not DICOM files and were skipped",
                count=done.not_dicom,
            )
        )
    if done.unstated:
        warn(
            text(
                "{number} of the files do not state whether they have burned-in annotation. "
                "Check their images before you pass them on.",
                number=done.unstated,
            )
        )
    print_line(text("{written} files written to {output}", written=done.written, output=out))
    if done.refused or not done.written:
        raise typer.Exit(BAD_INPUT)
