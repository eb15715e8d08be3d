"""`leakwatch run`: monitor a live source, in a window or as a line in the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leakwatch.alerting.coverage import summary_lines
from leakwatch.case_files.settings_file import load_settings
from leakwatch.cli.case_choice import chosen_case
from leakwatch.cli.console import (
    ENDED_EARLY,
    NOT_WATCHED,
    ended_like_interrupted,
    errors_in_one_paragraph,
    escape_cell,
    fail,
    import_gui,
    print_line,
    require_display,
    warn,
)
from leakwatch.cli.log_start import logged
from leakwatch.cli.options import (
    CalibrationOption,
    CaseOption,
    LogFileOption,
    NoCaseOption,
    SecondCalibrationOption,
    SecondCaseOption,
    SecondOption,
    SettingsOption,
    SinkOption,
    StrictOption,
)
from leakwatch.cli.planes import (
    PlaneInput,
    PlaneOptions,
    check_second,
    watch_planes,
)
from leakwatch.cli.recording import Recorder
from leakwatch.cli.session_lines import RENEW_S, print_once, time_text
from leakwatch.core.interruption import INTERRUPTIONS
from leakwatch.core.messages import text, translate

if TYPE_CHECKING:
    from types import ModuleType

    from leakwatch.core.protocols import LiveSource
    from leakwatch.live.case_setup import Setup
    from leakwatch.live.live_session import LiveSession
    from leakwatch.live.status import LiveStatus
    from leakwatch.sinks.alarm_outputs.plane_feeds import PlaneFeed


def run(  # noqa: PLR0913, PLR0917 - an argument for each option
    source: Annotated[
        str,
        typer.Argument(
            help=text(
                "Source of the frames: folder:PATH, scp://HOST:PORT, "
                "dicomweb+http://HOST/ROOT, igtl://HOST:PORT, video:NUMBER, video:FILE, "
                "replay:FILE, or a source of another package."
            )
        ),
    ],
    case: CaseOption = None,
    no_case: NoCaseOption = False,
    settings: SettingsOption = None,
    calibration: CalibrationOption = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help=text("Folder for the recording, instead of the case library.")
        ),
    ] = None,
    record: Annotated[bool, typer.Option(help=text("Record frames and measurements."))] = True,
    keep_identity: Annotated[
        bool,
        typer.Option("--keep-identity", help=text("Keep burned-in annotation; this is logged.")),
    ] = False,
    window: Annotated[
        bool, typer.Option(help=text("Show a window; otherwise a line on the terminal."))
    ] = True,
    sink: SinkOption = None,
    second: SecondOption = None,
    second_case: SecondCaseOption = None,
    second_calibration: SecondCalibrationOption = None,
    strict: StrictOption = False,
    log_file: LogFileOption = None,
) -> None:
    """Monitor frames as they arrive, and show STOP before cement leaks.

    With --second, two planes of a biplane C-arm are monitored together; the level shown is the
    worse of both.

    Ends with the source, with Ctrl-C, or on a request to terminate. The last lines state which
    rules were inactive, and which frames were not assessed. Exit code 0: normal end; 2: bad
    arguments or input, or the recording could not be completed; 3: the source ended early; 4: with
    --strict, a rule was inactive, or too many frames were not assessed.
    """
    check_second(source, second, second_case, second_calibration)
    typed = (source, case, calibration, out, second, second_case, second_calibration)
    keeping = logged("run", log_file, settings, typed)
    with errors_in_one_paragraph(), ended_like_interrupted(), keeping:
        app_module = None
        if window:
            require_display("`leakwatch run ... --no-window`")
            app_module = import_gui()
        setup = _loaded(source, case, no_case, settings, calibration)
        if second is not None:
            other = _loaded(second, second_case, no_case, settings, second_calibration)
            inputs = (PlaneInput(source, setup), PlaneInput(second, other))
            options = PlaneOptions(out, keep_identity, record, tuple(sink or ()), strict)
            watch_planes(inputs, options, _opened, app_module)
            return
        recorder = Recorder(out, source, setup.settings, keep_identity)
        session = _opened(source, setup, recorder, record, sink or ())
        INTERRUPTIONS.hold()  # until somebody closes the session
        session.start()
        _watch(session, source, recorder, app_module)
        not_watched = summary_lines(session.status.tally, session.settings)
        _print_outcome(session.status, recorder, not_watched, sink or ())
        if strict and not_watched:
            raise typer.Exit(NOT_WATCHED)


def _watch(
    session: LiveSession, source: str, recorder: Recorder, app_module: ModuleType | None
) -> None:
    """Monitor until the source or the user ends it; without a window, on the terminal."""
    from leakwatch.sinks.key_images.key_image_worker import KeyImageWorker

    settings = session.settings
    key_images = KeyImageWorker(settings.archive, recorder.keep_identity)

    def show() -> None:
        if app_module is None:
            _follow(session)
            return
        print_once(session.status, set())
        from leakwatch.gui.widgets.key_image_keys import RecordFolder

        recorded = RecordFolder(key_images, recorder.folder)
        app_module.show_live(session, source, partial(recorder.begin, session), recorded)

    try:
        INTERRUPTIONS.run_until(show)
    finally:
        session.close()
        # After the session: a key image waits for its frame in the recording.
        key_images.close(settings.live.close_s)


def _loaded(
    spec: str,
    case: Path | None,
    without: bool,
    settings: Path | None,
    calibration: Path | None,
) -> Setup:
    """Read the inputs; a stored sequence must be that of the case."""
    from leakwatch.live.case_setup import check_stored, load_setup
    from leakwatch.sources.live_sources import replayed_path

    stored = replayed_path(spec)
    case = case if stored is None else chosen_case(stored, case, without)
    setup = load_setup(load_settings(settings), case, calibration)
    if case is None:
        return setup
    if stored is not None:
        for doubt in check_stored(setup, stored, case):
            warn(doubt)
    else:
        warn(
            text(
                "{case}: its marks were drawn on {dicom_path}, and are valid only if patient "
                "and C-arm have not moved since. Check them in the window.",
                case=case,
                dicom_path=setup.case.dicom_path,
            )
        )
    return setup


def _opened(
    spec: str,
    setup: Setup,
    recorder: Recorder,
    record: bool,
    others: Sequence[str],
    source: LiveSource | None = None,
    feeds: Sequence[PlaneFeed] | None = None,
) -> LiveSession:
    """Open source, recording and sinks of other packages, for a session to start.

    `source` is closed if it fails; None: it is opened here. `feeds` are the shares of a plane in
    alarm outputs of both; None: they are opened here.
    """
    from leakwatch.live.live_session import LiveSession
    from leakwatch.sinks.alarm_outputs.open_outputs import close_alarm_outputs, open_alarm_outputs
    from leakwatch.sinks.extension_sink import close_sinks, open_sinks
    from leakwatch.sources.live_sources import open_live

    with ExitStack() as closing:
        if source is not None:
            closing.callback(source.close)
        alarms = open_alarm_outputs(setup.settings) if feeds is None else feeds
        closing.callback(close_alarm_outputs, alarms, setup.settings.live.close_s)
        sinks = open_sinks(others)
        closing.callback(close_sinks, sinks)
        if source is None:
            source = open_live(spec, setup.settings)
            closing.callback(source.close)
        recording = recorder.make_or_tell(setup.marks) if record else None
        closing.pop_all()  # from here on the session closes them
    warn(source.status.text)
    if recording is not None:
        sinks = {**recording.sinks, **sinks}
    session = LiveSession(source, setup, sinks, unkept=recorder.unkept, alarms=alarms)
    if not record:
        warn(text("not recording, as requested (--no-record)"))
    if recording is not None:
        recording.follow_marks(lambda: session.marks)
    return session


def _follow(session: LiveSession) -> None:
    """Print a line for each new level, and keep a status line up to date."""
    from rich.console import Console

    from leakwatch.live.report_lines import level_line, link_lines, status_line
    from leakwatch.live.status import displayed_status

    console = Console(stderr=True)
    said: tuple[object, ...] = ()
    told: set[str] = set()
    recorded = 0
    link = session.status.link.text
    print_once(session.status, told)
    with console.status("") as line:
        ended = False
        while not ended:
            ended = session.wait(RENEW_S)
            status = session.status
            print_once(status, told)
            now = displayed_status(status, session.now_s, session.settings)
            what = (now.level, now.state, now.reasons)
            if what != said:
                said = what
                print_line(f"{time_text(status)}  {level_line(now)}")
            for notice in status.notices[recorded:]:
                print_line(f"{time_text(status)}  {translate(notice)}")
            recorded = len(status.notices)
            new = [one for one in link_lines(status, now) if one != link]
            for link in new:
                print_line(text("{time}  source: {link}", time=time_text(status), link=link))
            line.update(escape_cell(status_line(status, now)))


def _print_outcome(
    status: LiveStatus, recorder: Recorder, not_watched: tuple[str, ...], others: Sequence[str]
) -> None:
    from leakwatch.live.report_lines import degraded_lines, summary_lines
    from leakwatch.sinks.extension_sink import sink_names

    for line in summary_lines(status, not_watched):
        print_line(line)
    for recording in recorder.recordings:
        recording.finish()
    degraded = degraded_lines(status)
    for line in (*status.warnings, *degraded):
        warn(line)
    for line in not_watched:
        print_line(line)
    broken = [one.name for one in status.recordings if one.failure]
    if set(broken) - set(sink_names(others)):
        fail(text("the recording is incomplete. Check permissions and free disk space."))
    if broken:
        names = ", ".join(broken)
        fail(text("the output of {names} is incomplete. Check that package.", names=names))
    if status.fault:
        warn(text("the input ended early: {fault}", fault=status.fault))
        raise typer.Exit(ENDED_EARLY)
