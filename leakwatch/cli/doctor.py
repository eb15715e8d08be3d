"""`leakwatch doctor`: check the installation and the machine, and print a report of a fault."""

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
from leakwatch.cli.console import errors_in_one_paragraph, fail, print_line
from leakwatch.cli.doctor_checks import Check, Finding, State
from leakwatch.core.messages import counted, text, translate
from leakwatch.diagnostics.log_redaction import Redactor

NOT_WELL = 1
_REINSTALL = text("Install LeakWatch again into an empty environment.")
_SIGNS = {State.OK: "ok", State.ABSENT: "--", State.FAILED: "!!"}


def doctor(
    scp: Annotated[
        str,
        typer.Option("--scp", help=text("Address that a C-arm would send to: scp://HOST:PORT.")),
    ] = "scp://127.0.0.1:11112",
    out: Annotated[
        Path, typer.Option("--out", "-o", help=text("Folder that results would be written to."))
    ] = Path(),
    as_json: Annotated[
        bool, typer.Option("--json", help=text("Print JSON, to send by e-mail."))
    ] = False,
) -> None:
    """Check the installation, and report what to do if something is missing.

    Checks versions, optional extras, decoders (each is tried), folders and free space, the port for
    a C-arm, screens, sound, and video devices. The checks are independent; devices are listed in a
    separate process, and none is opened. Exit code 0: `leakwatch analyze` works; 1: it does not,
    and the last lines state what to do; 2: bad arguments.
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
        _print_result(findings, missing, redact)
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
        Check("folders", partial(checks.folders, named), True, text("Choose another folder.")),
        Check("ports", _port_check(scp)),
        Check("displays", checks.displays),
        Check("sound", checks.sound),
        Check("video", checks.video),
    )


def _port_check(scp: str) -> Callable[[], Iterable[Finding]]:
    """Return the check of a port; an invalid address is refused at once."""
    scheme, _, rest = scp.partition(":")
    if scheme.lower() != "scp":
        fail(
            text("--scp {scp}: not the address of a C-STORE port. Write scp://HOST:PORT.", scp=scp)
        )
    try:
        from leakwatch.sources.storage_scp.scp_options import store_options
    # Any error of a damaged library is the finding of this check.
    except Exception as error:  # noqa: BLE001
        return partial(_broken, error)
    options = store_options(rest)
    return partial(checks.port, options.host, options.port)


def _broken(error: Exception) -> Iterable[Finding]:
    raise error


def _library() -> Path | None:
    """Return the folder of the case library; None if unknown."""
    try:
        from leakwatch.case_files.library_database import library_folder

        return library_folder()
    # For example a damaged library, or a user without a home folder.
    except Exception:  # noqa: BLE001
        return None


def _print_result(
    findings: Sequence[Finding], missing: Sequence[Finding], redact: Redactor
) -> None:
    group = ""
    for one in findings:
        if one.group != group:
            group = one.group
            print_line(f"{translate(group)}:")
        todo = f"  -> {translate(one.todo)}" if one.todo else ""
        found = redact(translate(one.found))
        print_line(f"  {_SIGNS[one.state]}  {translate(one.name)}: {found}{todo}")
    if not missing:
        print_line(text("`leakwatch analyze` works on this computer."))
        return
    print_line(
        counted(
            "`leakwatch analyze` does not work: {count} fault.",
            "`leakwatch analyze` does not work: {count} faults.",
            count=len(missing),
        )
    )
    for one in missing:
        print_line(f"  {translate(one.group)}, {translate(one.name)}: {translate(one.todo)}")
