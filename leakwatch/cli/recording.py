"""Recordings of `leakwatch run`: in the case library, or in a given folder."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from leakwatch.cli.console import print_line, warn
from leakwatch.core.errors import LeakWatchError
from leakwatch.core.marks import Marks
from leakwatch.core.messages import text
from leakwatch.core.protocols import Sink
from leakwatch.core.spacing import Calibration, SpacingRung

if TYPE_CHECKING:
    from leakwatch.config import Settings
    from leakwatch.live.live_session import LiveSession
    from leakwatch.live.status import Recording

_NOT_YET = Calibration(None, None, SpacingRung.NONE, text("no frame was calibrated"))


class Recorder:
    """Recordings of a session, from its start or at the operator's request.

    A second recording of a session gets its own folder: NAME-2, or another case.

    Parameters
    ----------
    out, spec, settings, keep_identity
        As in `SessionRecording`.
    """

    def __init__(self, out: Path | None, spec: str, settings: Settings, keep_identity: bool):
        self._given = (out, spec, settings, keep_identity)
        self.recordings: list[SessionRecording] = []
        self.unkept: list[Recording] = []

    def make(self, marks: Marks) -> SessionRecording:
        """Return new outputs; raise if recording is impossible."""
        out, spec, settings, keep_identity = self._given
        made = len(self.recordings)
        if out is not None and made:
            out = out.with_name(f"{out.name}-{made + 1}")
        self.recordings.append(SessionRecording(out, spec, marks, settings, keep_identity))
        return self.recordings[-1]

    def make_or_tell(self, marks: Marks) -> SessionRecording | None:
        """Return new outputs; None if the library does not work, which must not prevent monitoring.

        If the user specified a folder, the error is raised: another folder can be chosen.
        """
        from leakwatch.live.status import Recording

        try:
            return self.make(marks)
        # No fault of the library may prevent monitoring.
        except Exception as error:
            if self._given[0] is not None:
                raise
            warn(text("not recording: {error}", error=str(error)))
            self.unkept.append(Recording(text("recording"), failure=str(error), ended=True))
            return None

    @property
    def keep_identity(self) -> bool:
        """Return whether burned-in annotation is kept."""
        return self._given[3]

    def folder(self) -> Path | None:
        """Return the folder of the last recording; None if there is none."""
        return self.recordings[-1].folder if self.recordings else None

    def begin(self, session: LiveSession) -> str:
        """Start a recording; return the text that states where."""
        made = self.make(session.marks)
        session.record(made.sinks, made.follow_marks)
        return text(
            "Recording started in {folder}. Earlier frames are not included.", folder=made.folder
        )


class SessionRecording:
    """Outputs of a live session.

    Parameters
    ----------
    out : Path or None
        A folder; None: a new case of the library.
    spec : str
        Specification of the source; only its type is recorded.
    marks : Marks
    settings : Settings
    keep_identity : bool
        Whether burned-in annotation is kept; this is logged.

    Raises
    ------
    LeakWatchError
        Recording is impossible.
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
        """Record the marks returned by `marks_now`; before the first frame."""
        self._frames.follow_marks(marks_now)

    def finish(self) -> None:
        """Add the recording to the library, and print its location; after the session."""
        if self._case is None:
            print_line(text("recorded in {folder}", folder=self.folder))
            return
        from leakwatch.library.case_library import CaseLibrary

        case = self._case
        try:
            with CaseLibrary() as library:
                frames = library.finish(case.id).frames
        except LeakWatchError as error:
            # The files exist, and the library reads them again later.
            warn(str(error))
            frames = None
        if frames == 0:
            self._forget()
            print_line(text("no frame was recorded; the empty case was removed"))
            return
        print_line(
            text(
                "recorded as case {id} ({name}) in {folder}",
                id=case.id,
                name=case.name,
                folder=case.folder,
            )
        )

    def _forget(self) -> None:
        """Remove the case, which has no frame."""
        if self._case is not None:
            from leakwatch.case_files.library_database import BUSY_LIVE_S
            from leakwatch.library.case_library import CaseLibrary

            with suppress(LeakWatchError), CaseLibrary(busy_s=BUSY_LIVE_S) as library:
                library.delete(self._case.id)
