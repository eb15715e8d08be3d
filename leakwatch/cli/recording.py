"""Where `leakwatch run` records: into the case library, or into a folder of its own."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from leakwatch.cli.console import say
from leakwatch.core.errors import LeakWatchError
from leakwatch.core.marks import Marks
from leakwatch.core.protocols import Sink
from leakwatch.core.spacing import Calibration, SpacingRung

if TYPE_CHECKING:
    from leakwatch.config import Settings
    from leakwatch.live.live_session import LiveSession
    from leakwatch.live.status import Recording

_NOT_YET = Calibration(None, None, SpacingRung.NONE, "no frame was calibrated")


class Recorder:
    """What a session records: from its beginning, or whenever a person asks for it.

    A second record of a session goes into a folder of its own: NAME-2, or another case.

    Parameters
    ----------
    out, spec, settings, keep_identity
        As of `SessionRecording`.
    """

    def __init__(self, out: Path | None, spec: str, settings: Settings, keep_identity: bool):
        self._given = (out, spec, settings, keep_identity)
        self.recordings: list[SessionRecording] = []
        self.unkept: list[Recording] = []

    def make(self, marks: Marks) -> SessionRecording:
        """Make the outputs; raises where nothing can be recorded there."""
        out, spec, settings, keep_identity = self._given
        made = len(self.recordings)
        if out is not None and made:
            out = out.with_name(f"{out.name}-{made + 1}")
        self.recordings.append(SessionRecording(out, spec, marks, settings, keep_identity))
        return self.recordings[-1]

    def make_or_tell(self, marks: Marks) -> SessionRecording | None:
        """The same; None where the library does not work, which keeps nobody from watching.

        A folder that a person named is another matter: they are asked for a better one.
        """
        from leakwatch.live.status import Recording

        try:
            return self.make(marks)
        # Whatever somebody did to a table, it is not worth an injection that nobody watches.
        except Exception as error:
            if self._given[0] is not None:
                raise
            say(f"leakwatch: nothing is kept: {error}", err=True)
            self.unkept.append(Recording("recording", failure=str(error), ended=True))
            return None

    def begin(self, session: LiveSession) -> str:
        """Record from now on; says where."""
        made = self.make(session.marks)
        session.record(made.sinks, made.follow_marks)
        return f"Recording from now on into {made.folder}. What was before is not in it."


class SessionRecording:
    """The outputs of a live session.

    Parameters
    ----------
    out : Path or None
        A folder; None: a case of the library.
    spec : str
        Of the source; its kind is kept, and nothing else of it.
    marks : Marks
    settings : Settings
    keep_identity : bool
        Text that is burned into the pictures is kept; it is logged.

    Raises
    ------
    LeakWatchError
        Nothing can be recorded there.
    """

    def __init__(
        self, out: Path | None, spec: str, marks: Marks, settings: Settings, keep_identity: bool
    ) -> None:
        from leakwatch.case_files.library_database import BUSY_LIVE_S
        from leakwatch.library.case_library import CaseLibrary
        from leakwatch.sinks.output_folder import make_folder
        from leakwatch.sinks.recording import frame_recorder
        from leakwatch.sinks.recording.recorder import Recorder

        kind = spec.partition(":")[0]
        self._case = None
        if out is None:
            with CaseLibrary(busy_s=BUSY_LIVE_S) as library:
                self._case = library.begin(kind, marks)
            out = self._case.folder
        self.folder = out
        try:
            make_folder(out)
            recorded = frame_recorder.Recording(marks, _NOT_YET, settings, kind, keep_identity)
            self._frames = frame_recorder.FrameRecorder(out, recorded)
            lines = Recorder(out, keep_identity)
            self.sinks: dict[str, Sink] = {"measurements": lines, "frames": self._frames}
        except LeakWatchError:
            self._forget()
            raise

    def follow_marks(self, marks_now: Callable[[], Marks]) -> None:
        """Keep the marks that hold, as `marks_now` says; before the first frame."""
        self._frames.follow_marks(marks_now)

    def finish(self) -> None:
        """Enter in the library what was recorded, and say where it is; after the session."""
        if self._case is None:
            say(f"recorded in {self.folder}")
            return
        from leakwatch.library.case_library import CaseLibrary

        case = self._case
        try:
            with CaseLibrary() as library:
                frames = library.finish(case.id).frames
        except LeakWatchError as error:
            # The files are there, and the list reads them again.
            say(f"leakwatch: {error}", err=True)
            frames = None
        if frames == 0:
            self._forget()
            say("no frame was recorded, and no case is kept")
            return
        say(f"recorded as case {case.id} ({case.name}) in {case.folder}")

    def _forget(self) -> None:
        """A case without a frame is none."""
        if self._case is not None:
            from leakwatch.case_files.library_database import BUSY_LIVE_S
            from leakwatch.library.case_library import CaseLibrary

            with suppress(LeakWatchError), CaseLibrary(busy_s=BUSY_LIVE_S) as library:
                library.delete(self._case.id)
