"""`leakwatch recover`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from leakwatch.cli.console import errors_in_one_paragraph, say
from leakwatch.core.plural import counted_noun


def recover(
    session: Annotated[
        str | None,
        typer.Argument(help="Folder of a recorded session, or number of a case."),
    ] = None,
) -> None:
    """Make a recorded session whole that broke off.

    For sessions whose program was killed or whose power failed. Frames up to the last one that
    reached the disk are kept; a session that is whole is not changed. Received objects that a
    killed program left among the temporary files are removed, also without a session.
    """
    from leakwatch.library.case_library import CaseLibrary
    from leakwatch.sinks.recording.recovery import recover as made_whole
    from leakwatch.sources.arrival.leftovers import remove_leftovers

    left = remove_leftovers()
    if left:
        folders = "1 folder" if left == 1 else f"{left} folders"
        say(f"{folders} of received objects, left by a program that was killed: removed")
    if session is None:
        if not left:
            say("no received objects were left by a program that was killed")
        return
    with errors_in_one_paragraph():
        folder = Path(session)
        if session.isdigit() and not folder.exists():
            with CaseLibrary() as library:
                folder = library.case(session).folder
        done = made_whole(folder)
    frames = counted_noun(done.frames, "frame")
    if done.was_complete:
        say(f"{session} is whole: {frames}. Nothing was changed.")
        return
    lost = f"; of {done.lost} more the pixels are lost" if done.lost else ""
    files, are = counted_noun(done.parts, "file"), "is" if done.frames == 1 else "are"
    say(f"{session}: {frames} in {files} {are} whole again{lost}")
