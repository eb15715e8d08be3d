"""Command line: each command has its own module, and is registered here."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from leakwatch import __version__
from leakwatch.cli.analyze import analyze
from leakwatch.cli.bench import bench
from leakwatch.cli.calibrate import calibrate
from leakwatch.cli.cases import cases
from leakwatch.cli.console import log_on_stderr
from leakwatch.cli.deidentify import deidentify
from leakwatch.cli.doctor import doctor
from leakwatch.cli.help_pages import HELP_NAMES, Command, Group, with_plain_flags
from leakwatch.cli.home import can_open_home, open_home
from leakwatch.cli.mark import mark
from leakwatch.cli.program_end import run_to_end
from leakwatch.cli.recover import recover
from leakwatch.cli.replay import replay
from leakwatch.cli.report import report
from leakwatch.cli.run import run
from leakwatch.cli.simulate import simulate
from leakwatch.cli.train import train
from leakwatch.cli.trainees import trainees
from leakwatch.core.messages import text
from leakwatch.files.private_files import OTHERS

HELP = """Monitor fluoroscopy during bone cement injection, and warn before the cement leaks.

Research and training software; not a medical device. It must not guide the treatment of a patient.
"""

app = typer.Typer(
    name="leakwatch",
    help=HELP,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    cls=Group,
    context_settings=HELP_NAMES,
)


def main() -> None:
    """Run the command line; the entry point of the package."""
    run_to_end(_run)


def _run() -> None:
    log_on_stderr()
    # Files may contain patient data. Libraries that write files use these permissions.
    os.umask(OTHERS)
    if len(sys.argv) == 1 and can_open_home():
        _home()
    else:
        app()


def _home() -> None:
    """Open the start window; its errors end the program as those of a command do."""
    try:
        open_home()
    except typer.Exit as end:
        sys.exit(end.exit_code)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"leakwatch {__version__}")  # noqa: TID251 - our own text
        raise typer.Exit


@app.callback()
def _before_commands(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            "-V",
            callback=_print_version,
            is_eager=True,
            help=text("Print the version and exit."),
        ),
    ] = False,
) -> None:
    pass


for command in (
    analyze,
    mark,
    run,
    replay,
    train,
    simulate,
    bench,
    recover,
    report,
    deidentify,
    doctor,
):
    app.command(cls=Command)(command)
for group in (cases, calibrate, trainees):
    with_plain_flags(group)
    app.add_typer(group)
