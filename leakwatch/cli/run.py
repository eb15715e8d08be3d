"""`leakwatch run`."""

from __future__ import annotations

from collections.abc import Sequence
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
    fail,
    import_gui,
    plain,
    require_display,
    say,
)
from leakwatch.cli.log_start import logged
from leakwatch.cli.options import (
    CalibrationOption,
    CaseOption,
    LogFileOption,
    NoCaseOption,
    SettingsOption,
    SinkOption,
    StrictOption,
)
from leakwatch.cli.recording import Recorder

if TYPE_CHECKING:
    from types import ModuleType

    from leakwatch.live.case_setup import Setup
    from leakwatch.live.live_session import LiveSession
    from leakwatch.live.status import LiveStatus

# How often the line on the terminal is renewed, s.
RENEW_S = 0.25


def run(  # noqa: PLR0913, PLR0917 - an argument for each option
    source: Annotated[
        str,
        typer.Argument(
            help="Where frames come from: folder:PATH, scp://HOST:PORT, dicomweb+http://HOST/ROOT, "
            "igtl://HOST:PORT, video:NUMBER, video:FILE, replay:FILE, or a source of another "
            "package."
        ),
    ],
    case: CaseOption = None,
    no_case: NoCaseOption = False,
    settings: SettingsOption = None,
    calibration: CalibrationOption = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Folder for the recording, in place of the case library."),
    ] = None,
    record: Annotated[bool, typer.Option(help="Keep frames and measurements.")] = True,
    keep_identity: Annotated[
        bool, typer.Option("--keep-identity", help="Keep text burned into the pictures; logged.")
    ] = False,
    window: Annotated[bool, typer.Option(help="Show a window; else a line.")] = True,
    sink: SinkOption = None,
    strict: StrictOption = False,
    log_file: LogFileOption = None,
) -> None:
    """Watch frames as they come, and say STOP before cement leaks.

    Ends when the source does, with Ctrl-C, or when it is told to terminate. The last lines say
    which rule was off, and which frames were not judged. Exit code 0: it ended as it should; 2: bad
    arguments or input, or the recording could not be completed; 3: the source broke off; 4: with
    --strict, a rule was off, or too many frames were not judged.
    """
    typed = (source, case, calibration, out)
    with errors_in_one_paragraph(), logged("run", log_file, settings, typed):
        app_module = None
        if window:
            require_display("`leakwatch run ... --no-window`")
            app_module = import_gui()
        setup = _loaded(source, case, no_case, settings, calibration)
        recorder = Recorder(out, source, setup.settings, keep_identity)
        session = _opened(source, setup, recorder, record, sink or ())
        _watch(session, source, recorder, app_module)
        not_watched = summary_lines(session.status.tally, session.settings)
        _say_outcome(session.status, recorder, not_watched, sink or ())
        if strict and not_watched:
            raise typer.Exit(NOT_WATCHED)


def _watch(
    session: LiveSession, source: str, recorder: Recorder, app_module: ModuleType | None
) -> None:
    """Watch until the source, or a person, ends it; without a window, on the terminal."""
    try:
        with ended_like_interrupted():
            if app_module is None:
                _follow(session)
            else:
                _say_once(session.status, set())
                app_module.show_live(session, source, partial(recorder.begin, session))
    except KeyboardInterrupt:
        pass  # the way to end a session
    finally:
        session.close()


def _loaded(
    spec: str,
    case: Path | None,
    without: bool,
    settings: Path | None,
    calibration: Path | None,
) -> Setup:
    """Read what a person gave; a stored sequence must be the one that the case is of."""
    from leakwatch.live.case_setup import check_stored, load_setup
    from leakwatch.sources.live_sources import replayed_path

    stored = replayed_path(spec)
    case = case if stored is None else chosen_case(stored, case, without)
    setup = load_setup(load_settings(settings), case, calibration)
    if case is None:
        return setup
    if stored is not None:
        for doubt in check_stored(setup, stored, case):
            say(f"leakwatch: {doubt}", err=True)
    else:
        say(
            f"leakwatch: {case}: its marks were drawn on {setup.case.dicom_path}, and hold here "
            "only where patient and C-arm did not move since. Look at them in the window.",
            err=True,
        )
    return setup


def _opened(
    spec: str, setup: Setup, recorder: Recorder, record: bool, others: Sequence[str]
) -> LiveSession:
    """Open source, recording and sinks of other packages, and begin."""
    from leakwatch.live.live_session import LiveSession
    from leakwatch.sinks.extension_sink import close_sinks, open_sinks
    from leakwatch.sources.live_sources import open_live

    sinks = open_sinks(others)
    try:
        source = open_live(spec, setup.settings)
    except BaseException:
        close_sinks(sinks)
        raise
    try:
        recording = recorder.make_or_tell(setup.marks) if record else None
    except BaseException:
        source.close()
        close_sinks(sinks)
        raise
    say(f"leakwatch: {source.status.text}", err=True)
    if recording is not None:
        sinks = {**recording.sinks, **sinks}
    session = LiveSession(source, setup, sinks, unkept=recorder.unkept)
    if not record:
        say("leakwatch: nothing is recorded, by choice (--no-record)", err=True)
    if recording is not None:
        recording.follow_marks(lambda: session.marks)
    session.start()
    return session


def _follow(session: LiveSession) -> None:
    """Say each new level in a line of its own, and the latest in one that is renewed."""
    from rich.console import Console

    from leakwatch.live.report_lines import level_line, link_lines, status_line
    from leakwatch.live.status import shown

    console = Console(stderr=True)
    said: tuple[object, ...] = ()
    told: set[str] = set()
    recorded = 0
    link = session.status.link.text
    _say_once(session.status, told)
    with console.status("") as line:
        ended = False
        while not ended:
            ended = session.wait(RENEW_S)
            status = session.status
            _say_once(status, told)
            now = shown(status, session.now_s, session.settings)
            what = (now.level, now.sight, now.reasons)
            if what != said:
                said = what
                say(f"{_time_text(status)}  {level_line(now)}")
            for text in status.told[recorded:]:
                say(f"{_time_text(status)}  {text}")
            recorded = len(status.told)
            new = [one for one in link_lines(status, now) if one != link]
            for link in new:
                say(f"{_time_text(status)}  source: {link}")
            line.update(plain(status_line(status, now)))


def _say_once(status: LiveStatus, told: set[str]) -> None:
    """Say which rules do not apply, and what of the set-up does not hold, when it is known."""
    for text in (*(one.text for one in status.rules_off), *status.doubts):
        if text not in told:
            told.add(text)
            say(f"leakwatch: {text}", err=True)


def _time_text(status: LiveStatus) -> str:
    present = status.present
    return "       " if present is None else f"{present.snapshot.observation.time_s:6.2f} s"


def _say_outcome(
    status: LiveStatus, recorder: Recorder, not_watched: tuple[str, ...], others: Sequence[str]
) -> None:
    from leakwatch.live.report_lines import degraded_lines, summary_lines
    from leakwatch.sinks.extension_sink import sink_names

    for line in summary_lines(status, not_watched):
        say(line)
    for recording in recorder.recordings:
        recording.finish()
    degraded = degraded_lines(status)
    for line in (*status.doubts, *degraded):
        say(f"leakwatch: {line}", err=True)
    for line in not_watched:
        say(line)
    broken = [one.name for one in status.recordings if one.failure]
    if set(broken) - set(sink_names(others)):
        fail("the recording is not complete.")
    if broken:
        fail(f"the output of {' and '.join(broken)} is not complete.")
    if status.fault:
        say(f"leakwatch: the input ended early: {status.fault}", err=True)
        raise typer.Exit(ENDED_EARLY)
