"""Help pages: translated, without value types for flags, and with paragraphs joined."""

from __future__ import annotations

import re
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from leakwatch.core.messages import Message, translate

HELP_NAMES = {"help_option_names": ["-h", "--help"]}


class Command(TyperCommand):
    """A command with such a help page."""

    def __init__(self, *given: Any, help: str | None = None, **named: Any) -> None:
        named["context_settings"] = HELP_NAMES | (named.get("context_settings") or {})
        super().__init__(*given, help=_in_paragraphs(help), **named)
        _translate_help(self.params)

    def get_params(self, ctx: Any) -> Any:
        """Return the parameters, those that are flags without a type."""
        return _plain(super().get_params(ctx))


class Group(TyperGroup):
    """A group of commands with such help pages."""

    def __init__(self, *given: Any, help: str | None = None, **named: Any) -> None:
        super().__init__(*given, help=_translated(help), **named)
        _translate_help(self.params)

    def get_params(self, ctx: Any) -> Any:
        """Return the parameters, those that are flags without a type."""
        return _plain(super().get_params(ctx))


def with_plain_flags(group: typer.Typer) -> None:
    """Use such help pages for the commands of a group.

    Parameters
    ----------
    group : typer.Typer
        A group with all its commands.
    """
    group.info.cls, group.info.context_settings = Group, HELP_NAMES
    for command in group.registered_commands:
        command.cls = Command


def _plain(parameters: list[Any]) -> list[Any]:
    for one in parameters:
        # Typer appends <bool> to each flag.
        if isinstance(one, TyperOption) and one.is_flag and one.metavar is None:
            one.metavar = ""
    return parameters


def _translate_help(parameters: list[Any]) -> None:
    for one in parameters:
        one.help = _translated(getattr(one, "help", None))


def _translated(help_text: str | None) -> str | None:
    """Return the text of the catalogue for a help text, whose template typer has lost."""
    return help_text and translate(Message(help_text, None, {}))


def _in_paragraphs(text: str | None) -> str | None:
    """Join the lines of each paragraph, to be wrapped at the width of the terminal."""
    return text and re.sub(r"(?<!\n)\n[ \t]*(?!\n)", " ", text)
