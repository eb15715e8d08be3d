"""`leakwatch recover`: repair a recording after a crash."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from leakwatch.cli.console import errors_in_one_paragraph, print_line
from leakwatch.core.messages import counted, text


def recover(
    session: Annotated[
        str | None,
        typer.Argument(help=text("Folder of a recorded session, or number of a case.")),
    ] = None,
) -> None:
    """Repair a recording after a crash.

    For sessions that ended when the program was killed or the power failed. Frames up to the last
    one written to disk are kept; a complete session is not changed. Received objects that a killed
    program left among the temporary files are removed, even if no session is given.
    """
    from leakwatch.library.case_library import CaseLibrary
    from leakwatch.sinks.recording.recovery import recover as repair
    from leakwatch.sources.arrival.leftovers import remove_leftovers

    left = remove_leftovers()
    if left:
        print_line(
            counted(
                "{count} folder of received objects, left by a killed program, removed",
                "{count} folders of received objects, left by a killed program, removed",
                count=left,
            )
        )
    if session is None:
        if not left:
            print_line(text("no received objects were left by a killed program"))
        return
    with errors_in_one_paragraph():
        folder = Path(session)
        if session.isdigit() and not folder.exists():
            with CaseLibrary() as library:
                folder = library.case(session).folder
        done = repair(folder)
    frames = counted("{count} frame", "{count} frames", count=done.frames)
    if done.was_complete:
        print_line(
            text(
                "{session} is complete: {frames}. Nothing was changed.",
                session=session,
                frames=frames,
            )
        )
        return
    files = counted("{count} file", "{count} files", count=done.parts)
    kept = text("{session}: kept {frames} in {files}", session=session, frames=frames, files=files)
    if done.lost:
        kept = counted(
            "{frames_kept}; the pixels of {count} more frame are lost",
            "{frames_kept}; the pixels of {count} more frames are lost",
            count=done.lost,
            frames_kept=kept,
        )
    print_line(kept)
