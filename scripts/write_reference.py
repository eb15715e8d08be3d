"""Write docs/reference/settings.md and cli.md from the program itself (`make reference`).

A test compares the files with what this would write, so that they cannot go stale.
"""

from __future__ import annotations

import inspect
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import msgspec
import typer

from leakwatch.config import Settings

REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "reference"

SETTINGS_HEAD = """\
# Settings

`leakwatch analyze`, `replay` and `bench` read a TOML file that is given with `--settings`. Each
heading below is a section of it. A key that is not listed here is an error, not a warning. What is
not set keeps its default. Units are part of the names.

Written from `leakwatch/config.py` by `make reference`; do not edit.
"""

CLI_HEAD = """\
# Command line

Exit codes: 0 all was done; 2 the arguments or the input are wrong; 3 the input ended early, and
what was read is written.

Written from `leakwatch/cli.py` by `make reference`; do not edit.
"""


def parameters(struct: type[msgspec.Struct]) -> dict[str, str]:
    """What the numpy docstring of `struct` says of each of its fields."""
    doc = inspect.getdoc(struct) or ""
    _, _, section = doc.partition("Parameters\n----------\n")
    found: dict[str, list[str]] = {}
    names: list[str] = []
    for line in section.splitlines():
        if line.startswith(" "):
            for name in names:
                found[name].append(line.strip())
        elif " : " in line:
            names = [name.strip() for name in line.partition(" : ")[0].split(",")]
            found |= {name: [] for name in names}
        else:
            break
    return {name: " ".join(lines) for name, lines in found.items()}


def toml(value: object) -> str:
    """`value` as it is written in TOML; empty where there is none."""
    if value is None:
        return ""
    text = msgspec.json.encode(value).decode()  # numbers, strings and lists of them are the same
    assert tomllib.loads(f"x = {text}")
    return f"`{text}`"


def sections(defaults: msgspec.Struct, name: str = "") -> Iterator[str]:
    """One Markdown section for each struct below `defaults`, in the order of the code."""
    rows = []
    described = parameters(type(defaults))
    for field in msgspec.structs.fields(defaults):
        value = getattr(defaults, field.name)
        if isinstance(value, msgspec.Struct):
            yield from sections(value, f"{name}.{field.name}".lstrip("."))
            continue
        rows.append(f"| `{field.name}` | {toml(value)} | {described.get(field.name, '')} |")
    if rows:
        summary = (inspect.getdoc(type(defaults)) or "").partition("\nParameters\n")[0]
        paragraphs = re.split(r"\n{2,}", summary.strip())
        body = "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
        yield f"## [{name}]\n\n{body}\n\n| Key | Default | Meaning |\n| --- | --- | --- |\n" + (
            "\n".join(rows) + "\n"
        )


def settings_text() -> str:
    """The whole of settings.md."""
    return "\n".join([SETTINGS_HEAD, *sections(Settings())])


def parameter_row(parameter: Any, context: click.Context) -> str:
    """One row of a command's table."""
    record = parameter.get_help_record(context)
    name, meaning = record or (
        parameter.make_metavar(context),
        getattr(parameter, "help", "") or "",
    )
    cell = " ".join(str(meaning).split()).replace("|", "\\|")
    return f"| `{name}` | {cell} |"


def command_section(command: Any, path: str) -> str:
    """What `path --help` says, as Markdown."""
    context = click.Context(command, info_name=path)
    rows = [parameter_row(parameter, context) for parameter in command.get_params(context)]
    words = inspect.cleandoc(command.help or "").replace("\b\n", "").strip()
    table = "\n".join(["| | |", "| --- | --- |", *rows])
    usage = " ".join([path, *command.collect_usage_pieces(context)])
    return f"## {path}\n\n`{usage}`\n\n{words}\n\n{table}\n"


def cli_text() -> str:
    """The whole of cli.md."""
    from leakwatch import cli

    group: Any = typer.main.get_command(cli.app)
    commands = [
        command_section(command, f"leakwatch {name}") for name, command in group.commands.items()
    ]
    return "\n".join([CLI_HEAD, *commands])


def main() -> None:
    """Write both files."""
    REFERENCE.mkdir(parents=True, exist_ok=True)
    (REFERENCE / "settings.md").write_text(settings_text(), encoding="utf-8")
    (REFERENCE / "cli.md").write_text(cli_text(), encoding="utf-8")


if __name__ == "__main__":
    main()
