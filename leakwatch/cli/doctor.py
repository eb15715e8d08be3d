"""`leakwatch doctor`."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from leakwatch import __version__
from leakwatch.cli import doctor_checks as checks
from leakwatch.cli.console import errors_in_one_paragraph, fail, say
from leakwatch.cli.doctor_checks import Check, Finding, State
from leakwatch.core.plural import counted_noun
from leakwatch.diagnostics.log_redaction import Redactor

NOT_WELL = 1
_REINSTALL = "Install LeakWatch again into an empty environment."
_SIGNS = {State.OK: "ok", State.ABSENT: "--", State.FAILED: "!!"}


def doctor(
    scp: Annotated[
        str, typer.Option("--scp", help="Where a C-arm would send: scp://HOST:PORT.")
    ] = "scp://127.0.0.1:11112",
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder that results would go into.")
    ] = Path(),
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, to send by mail.")] = False,
) -> None:
    """Look whether all that LeakWatch needs is here, and say what to do where it is not.

    Versions, optional extras, decoders (each is tried), folders and free space, the port for a
    C-arm, screens, sound, video devices. Each check stands alone; devices are looked at in a
    process of their own, and none is opened. Exit code 0: `leakwatch analyze` works; 1: it does
    not, and the last lines say what to do; 2: bad arguments.
    """
    with errors_in_one_paragraph():
        todo = _checks(scp, out)
    library = _library()
    redact = Redactor([str(one) for one in (out.absolute(), tempfile.gettempdir(), library) if one])
    findings = [one for check in todo for one in check.findings()]
    missing = [one for one in findings if one.stands_in_the_way]
    if as_json:
        shown = [checks.as_json(one, redact) for one in findings]
        whole = {"leakwatch": __version__, "analyze_works": not missing, "findings": shown}
        typer.echo(json.dumps(whole, indent=1))  # noqa: TID251 - ASCII, redacted
    else:
        _say(findings, missing, redact)
    raise typer.Exit(NOT_WELL if missing else 0)


def _checks(scp: str, out: Path) -> tuple[Check, ...]:
    named = [("results", out.absolute(), True), ("temporary", Path(tempfile.gettempdir()), False)]
    library = _library()
    if library is not None:
        named.append(("case library", library, False))
    return (
        Check("versions", checks.versions, True, _REINSTALL),
        Check("extras", checks.extras),
        Check("decoders", checks.decoders, True, _REINSTALL),
        Check("analysis", checks.analysis, True, _REINSTALL),
        Check("folders", partial(checks.folders, named), True, "Name another folder."),
        Check("ports", _port_check(scp)),
        Check("displays", checks.displays),
        Check("sound", checks.sound),
        Check("video", checks.video),
    )


def _port_check(scp: str) -> Callable[[], Iterable[Finding]]:
    """Return the check of a port; what is no port is refused at once."""
    scheme, _, rest = scp.partition(":")
    if scheme.lower() != "scp":
        fail(f"--scp {scp}: names no C-STORE port. Write scp://HOST:PORT.")
    try:
        from leakwatch.sources.storage_scp.scp_options import store_options
    # Whatever a damaged library raises is the finding of this check.
    except Exception as error:  # noqa: BLE001
        return partial(_broken, error)
    options = store_options(rest)
    return partial(checks.port, options.host, options.port)


def _broken(error: Exception) -> Iterable[Finding]:
    raise error


def _library() -> Path | None:
    """Where cases are kept; None where even that cannot be told."""
    try:
        from leakwatch.case_files.library_database import library_folder

        return library_folder()
    # Of a damaged library, or a user without a home.
    except Exception:  # noqa: BLE001
        return None


def _say(findings: Sequence[Finding], missing: Sequence[Finding], redact: Redactor) -> None:
    group = ""
    for one in findings:
        if one.group != group:
            group = one.group
            say(f"{group}:")
        todo = f"  -> {one.todo}" if one.todo else ""
        say(f"  {_SIGNS[one.state]}  {one.name}: {redact(one.found)}{todo}")
    if not missing:
        say("`leakwatch analyze` works on this machine.")
        return
    say(f"`leakwatch analyze` does not work: {counted_noun(len(missing), 'fault')}.")
    for one in missing:
        say(f"  {one.group}, {one.name}: {one.todo}")
