"""What `--help` shows, of every command."""

from __future__ import annotations

import pytest
import typer
from typer.testing import CliRunner

from leakwatch import __version__
from leakwatch.cli import app
from leakwatch.core.plural import counted_noun

ROOT = typer.main.get_command(app)


def commands(group=ROOT, before=()):
    """Every command with its name in parts, groups included."""
    yield before
    for name, command in getattr(group, "commands", {}).items():
        yield from commands(command, (*before, name))


def said(*arguments):
    result = CliRunner().invoke(
        app, list(arguments), env={"COLUMNS": "200", "TERMINAL_WIDTH": "200"}
    )
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize("name", list(commands()), ids=" ".join)
def test_flags_are_shown_as_flags_and_h_is_help(name):
    page = said(*name, "-h")
    assert page == said(*name, "--help")
    assert "<bool>" not in page
    assert "-h" in page.split()


def test_long_options_of_an_output_have_a_short_one():
    for name in commands():
        command = ROOT
        for part in name:
            command = command.commands[part]
        for one in command.params:
            if "--out" in one.opts:
                assert "-o" in one.opts, name


def test_version_has_a_short_option():
    assert said("-V") == said("--version") == f"leakwatch {__version__}\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_can_complete(shell, monkeypatch):
    monkeypatch.setattr("shellingham.detect_shell", lambda: (shell, f"/bin/{shell}"))
    assert "leakwatch" in said("--show-completion").lower()


def test_sentences_are_not_cut_where_the_source_is():
    page = said("analyze", "-h")
    assert "replaces only these files of an earlier run" in " ".join(page.split())
    assert "replacing those\n" not in page.replace(" \n", "\n")


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 frames"), (1, "1 frame"), (2, "2 frames"), (1000, "1000 frames")]
)
def test_one_of_a_thing_is_singular(count, words):
    assert counted_noun(count, "frame") == words


def test_verbs_agree():
    assert counted_noun(1, "frame is", "frames are") == "1 frame is"
    assert counted_noun(3, "frame is", "frames are") == "3 frames are"
