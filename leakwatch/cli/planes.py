"""`leakwatch run --second`: two planes of a biplane C-arm, monitored and recorded together."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from threading import Lock, Thread
from typing import TYPE_CHECKING

import typer

from leakwatch.cli.console import (
    ENDED_EARLY,
    NOT_WATCHED,
    escape_cell,
    fail,
    print_line,
    warn,
)
from leakwatch.cli.recording import Recorder, SessionRecording
from leakwatch.cli.session_lines import RENEW_S, of_plane, print_once, time_text
from leakwatch.core.errors import SinkError
from leakwatch.core.interruption import INTERRUPTIONS
from leakwatch.core.marks import Marks
from leakwatch.core.messages import text, translate
from leakwatch.core.planes import SECOND_FOLDER

if TYPE_CHECKING:
    from types import ModuleType

    from leakwatch.core.protocols import LiveSource
    from leakwatch.live.case_setup import Setup
    from leakwatch.live.live_session import LiveSession
    from leakwatch.live.two_planes import TwoPlanes
    from leakwatch.sinks.alarm_outputs.plane_feeds import PlaneFeed

    Opener = Callable[
        [str, Setup, Recorder, bool, Sequence[str], LiveSource | None, Sequence[PlaneFeed]],
        LiveSession,
    ]

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PlaneInput:
    """Source of a plane, as specified, and its marks and calibration."""

    spec: str
    setup: Setup


@dataclass(frozen=True, slots=True)
class PlaneOptions:
    """Options of `leakwatch run` that are the same for both planes."""

    out: Path | None
    keep_identity: bool
    record: bool
    sinks: tuple[str, ...]
    strict: bool


class SecondRecorder(Recorder):
    """Recordings of the second plane: in a sub-folder of that of the first."""

    def __init__(self, first: Recorder, out: Path | None, plane: PlaneInput, keep_identity: bool):
        super().__init__(out, plane.spec, plane.setup.settings, keep_identity)
        self._first = first

    def make(self, marks: Marks) -> SessionRecording:
        """Return new outputs, beside the last recording of the first plane."""
        _, spec, settings, keep_identity = self._given
        if not self._first.recordings:
            raise SinkError(text("the first plane is not recorded, so the second one is not."))
        folder = self._first.recordings[-1].folder / SECOND_FOLDER
        self.recordings.append(SessionRecording(folder, spec, marks, settings, keep_identity))
        return self.recordings[-1]


class PlaneRecorders:
    """Recordings of both planes, and the file that sets them in time."""

    def __init__(self, planes: tuple[PlaneInput, PlaneInput], options: PlaneOptions) -> None:
        first, second = planes
        out, keep = options.out, options.keep_identity
        self.first = Recorder(out, first.spec, first.setup.settings, keep)
        self.second = SecondRecorder(self.first, out, second, keep)
        self._offset_s: float | None = None
        self._writing = Lock()

    def begin(self, planes: TwoPlanes) -> str:
        """Start a recording of both planes; return the text that states where."""
        said = self.first.begin(planes.sessions[0])
        self.second.begin(planes.sessions[1])
        self._write_offset()
        return said

    def place(self, offset_s: float) -> None:
        """Keep by how many seconds the second plane begins later; a slow disk delays nothing."""
        self._offset_s = offset_s
        Thread(target=self._write_offset, name="planes file", daemon=True).start()

    def finish(self) -> None:
        """Complete all recordings; the library reads the second plane with the first."""
        self._write_offset()
        for recording in (*self.second.recordings, *self.first.recordings):
            recording.finish()

    def _write_offset(self) -> None:
        from leakwatch.case_files.planes_file import write_planes

        if self._offset_s is None:
            return
        with self._writing:
            for recording in self.first.recordings:
                try:
                    write_planes(recording.folder, self._offset_s)
                except OSError:
                    # The recordings are complete without it; a replay then starts both at once.
                    _LOG.warning("planes.json cannot be written", exc_info=True)


def check_second(
    source: str, second: str | None, case: Path | None, calibration: Path | None
) -> None:
    """Check that the options of the second plane go together."""
    given = [
        name
        for name, value in (("--second-case", case), ("--second-calibration", calibration))
        if value is not None
    ]
    if second is None and given:
        fail(
            text(
                "{option} is for a second plane, and --second is missing. Add --second SOURCE.",
                option=given[0],
            )
        )
    if second == source:
        fail(
            text(
                "--second {source}: is the first source too. Give the source of the other plane.",
                source=source,
            )
        )


def watch_planes(
    inputs: tuple[PlaneInput, PlaneInput],
    options: PlaneOptions,
    opened: Opener,
    app_module: ModuleType | None,
) -> None:
    """Monitor both planes until they or the user end it; then print the outcome."""
    from leakwatch.alerting.coverage import summary_lines

    recorders = PlaneRecorders(inputs, options)
    planes = _open(inputs, options, opened, recorders)

    def show() -> None:
        if app_module is None:
            _follow(planes)
            return
        for number, status in enumerate(planes.statuses()):
            print_once(status, set(), planes.name(number))
        title = f"{inputs[0].spec} + {inputs[1].spec}"
        app_module.show_planes(planes, title, lambda: recorders.begin(planes))

    INTERRUPTIONS.hold()  # until somebody closes the session
    planes.start()
    try:
        INTERRUPTIONS.run_until(show)
    finally:
        planes.close()
    gaps = tuple(
        summary_lines(session.status.tally, session.settings) for session in planes.sessions
    )
    _print_outcome(planes, recorders, gaps)
    if options.strict and any(gaps):
        raise typer.Exit(NOT_WATCHED)


def _open(
    inputs: tuple[PlaneInput, PlaneInput],
    options: PlaneOptions,
    opened: Opener,
    recorders: PlaneRecorders,
) -> TwoPlanes:
    from leakwatch.live.two_planes import TwoPlanes
    from leakwatch.sinks.alarm_outputs.open_outputs import open_alarm_outputs
    from leakwatch.sinks.alarm_outputs.plane_feeds import close_feeds, plane_feeds
    from leakwatch.sources.live_sources import open_live

    first, second = inputs
    record, sinks = options.record, options.sinks
    # Before the first plane is recorded: else a mistyped source would leave an empty recording.
    source = open_live(second.spec, second.setup.settings)
    with ExitStack() as closing:
        unused = closing.enter_context(ExitStack())
        unused.callback(source.close)
        settings = first.setup.settings  # a lamp is of the room, not of a plane
        feeds = plane_feeds(open_alarm_outputs(settings, planes=len(inputs)), len(inputs))
        closing.callback(close_feeds, feeds, settings.live.close_s)
        one = opened(first.spec, first.setup, recorders.first, record, sinks, None, feeds[0])
        closing.callback(one.close)
        unused.pop_all()  # from here on it is closed by what it is opened for
        other = opened(second.spec, second.setup, recorders.second, record, sinks, source, feeds[1])
        closing.pop_all()  # from here on the sessions close them

    def pause(number: int, on: bool) -> None:
        for feed in feeds[number]:
            feed.pause(on)

    return TwoPlanes(one, other, recorders.place, pause)


def _follow(planes: TwoPlanes) -> None:
    """Print a line for each new level of both planes, and keep a status line up to date."""
    from rich.console import Console

    from leakwatch.live.planes import combined
    from leakwatch.live.report_lines import banner_line, status_line

    console = Console(stderr=True)
    said: tuple[object, ...] = ()
    told: set[str] = set()
    noticed = [0, 0]
    with console.status("") as line:
        ended = False
        while not ended:
            ended = planes.wait(RENEW_S)
            statuses = planes.statuses()
            views = planes.planes(statuses)
            common = combined(views)
            now = tuple((one.now.level, one.now.state, one.now.reasons) for one in views)
            what = (common.level, now)
            if what != said:
                said = what
                print_line(f"{time_text(statuses[common.worse])}  {banner_line(common.banner)}")
            shown = []
            for number, (status, view) in enumerate(zip(statuses, views, strict=True)):
                print_once(status, told, view.name)
                for notice in status.notices[noticed[number] :]:
                    print_line(f"{time_text(status)}  {translate(of_plane(view.name, notice))}")
                noticed[number] = len(status.notices)
                shown.append(f"{translate(view.name)}: {status_line(status, view.now)}")
            line.update(escape_cell(" || ".join(shown)))


def _print_outcome(
    planes: TwoPlanes, recorders: PlaneRecorders, gaps: tuple[tuple[str, ...], ...]
) -> None:
    from leakwatch.live.report_lines import degraded_lines, first_stops_text, summary_lines

    statuses = planes.statuses()
    names = [planes.name(number) for number in (0, 1)]
    for name, status, gap in zip(names, statuses, gaps, strict=True):
        for one in summary_lines(status, gap):
            print_line(of_plane(name, one))
    print_line(first_stops_text(planes.first_stops(), [*gaps[0], *gaps[1]]))
    recorders.finish()
    for name, status, gap in zip(names, statuses, gaps, strict=True):
        for one in (*status.warnings, *degraded_lines(status)):
            warn(of_plane(name, one))
        for one in gap:
            print_line(of_plane(name, one))
    broken = [
        of_plane(name, one.name)
        for name, status in zip(names, statuses, strict=True)
        for one in status.recordings
        if one.failure
    ]
    if broken:
        outputs = ", ".join(broken)
        fail(
            text(
                "the output of {names} is incomplete. Check permissions and free disk space.",
                names=outputs,
            )
        )
    faults = [
        of_plane(name, status.fault)
        for name, status in zip(names, statuses, strict=True)
        if status.fault
    ]
    for fault in faults:
        warn(text("the input ended early: {fault}", fault=fault))
    if faults:
        raise typer.Exit(ENDED_EARLY)
