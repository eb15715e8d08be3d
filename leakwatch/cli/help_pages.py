"""Help pages: a flag takes no value, and none is shown; sentences are not cut by line ends."""

from __future__ import annotations

import re
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

HELP_NAMES = {"help_option_names": ["-h", "--help"]}


class Command(TyperCommand):
    """A command whose help shows flags as flags."""

    def __init__(self, *given: Any, help: str | None = None, **named: Any) -> None:
        named["context_settings"] = HELP_NAMES | (named.get("context_settings") or {})
        super().__init__(*given, help=_in_paragraphs(help), **named)

    def get_params(self, ctx: Any) -> Any:
        """Return the parameters, those that are flags without a type."""
        return _plain(super().get_params(ctx))


class Group(TyperGroup):
    """A group of commands whose help shows flags as flags."""

    def get_params(self, ctx: Any) -> Any:
        """Return the parameters, those that are flags without a type."""
        return _plain(super().get_params(ctx))


def with_plain_flags(group: typer.Typer) -> None:
    """Give the commands of a group such help pages.

    Parameters
    ----------
    group : typer.Typer
        With all its commands.
    """
    group.info.cls, group.info.context_settings = Group, HELP_NAMES
    for command in group.registered_commands:
        command.cls = Command


def _plain(parameters: list[Any]) -> list[Any]:
    for one in parameters:
        # Typer writes <bool> behind each.
        if isinstance(one, TyperOption) and one.is_flag and one.metavar is None:
            one.metavar = ""
    return parameters


def _in_paragraphs(text: str | None) -> str | None:
    """Join the lines of each paragraph: a terminal is not as wide as the source."""
    return text and re.sub(r"(?<!\n)\n[ \t]*(?!\n)", " ", text)
