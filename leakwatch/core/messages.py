"""Catalogue of all texts for the user: English templates, shown in the user's language.

Code writes ``text("Cement {length_mm:.0f} mm long", length_mm=12.3)`` and gets a `Message`: a
string, in English, that remembers its template. Files, logs and the fold keep that string as it is,
so that a recording reads the same wherever it was made. Who shows it to a person calls `translate`,
which fills the template of the catalogue (GNU gettext) instead.
"""

from __future__ import annotations

import gettext
import os
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path

LANGUAGES = {"en": "English", "de": "Deutsch", "es": "Español"}
LANGUAGE_VARIABLE = "LEAKWATCH_LANGUAGE"
# Marks every text of the catalogue, and nothing else: what lacks the marks escaped it.
PSEUDO_LANGUAGE = "x-marked"
PSEUDO_MARKS = ("⟦", "⟧")

_FOLDER = Path(__file__).resolve().parent.parent / "locale"


class HeaderText(str):
    """Text from a header, or that a parser quoted from one: shown to the user, never logged.

    It stays one as a value of a `Message`, which is how the log knows what to leave out.
    """

    __slots__ = ()

    def upper(self) -> HeaderText:
        """Return the same in capital letters."""
        return HeaderText(super().upper())


class Message(str):
    """An English text that remembers the template and the values that it was made from.

    Parameters
    ----------
    template : str
        With fields of `str.format`.
    plural : str or None
        The template for any count but one.
    values : dict of str to object
        Values of the fields; `count` decides between the two templates. Messages among them are
        translated as well.
    """

    __slots__ = ("plural", "template", "values")

    template: str
    plural: str | None
    values: dict[str, object]

    def __new__(cls, template: str, plural: str | None, values: dict[str, object]) -> Message:
        """Format the English text."""
        one = plural is None or values["count"] == 1
        chosen = template if one or plural is None else plural
        message = super().__new__(cls, _encodable(chosen.format(**values) if values else chosen))
        message.template, message.plural, message.values = template, plural, values
        return message

    def removeprefix(self, prefix: str, /) -> str:
        """Return the message without a prefix such as "PATH: ", still with its values."""
        head, colon, rest = self.template.partition(": ")
        if self.plural is None and colon and f"{head}: ".format(**self.values) == prefix:
            return Message(rest, None, self.values)
        return super().removeprefix(prefix)

    def __reduce__(self) -> tuple[type[Message], tuple[str, str | None, dict[str, object]]]:
        """Keep the template where a message goes to another process."""
        return Message, (self.template, self.plural, self.values)


def text(template: str, /, **values: object) -> Message:
    """Return a text of the catalogue.

    Parameters
    ----------
    template : str
        A literal, in English, with named fields of `str.format`; without values braces stand for
        themselves.
    **values
        Values of the fields.
    """
    return Message(template, None, values)


def counted(template: str, plural: str, /, count: int, **values: object) -> Message:
    """Return a text of the catalogue that depends on a count.

    Parameters
    ----------
    template, plural : str
        Literals, in English, for one and for any other count; the field is ``{count}``.
    count : int
    **values
        Values of other fields.
    """
    return Message(template, plural, {"count": count, **values})


def join_with(separator: str, texts: Iterable[str], /) -> Message:
    """Return several texts as one, each of which is still translated.

    Parameters
    ----------
    separator : str
        Without words.
    texts : iterable of str
    """
    values = {f"part_{number}": one for number, one in enumerate(texts)}
    return Message(separator.join(f"{{{name}}}" for name in values), None, dict(values))


def join_texts(texts: Iterable[str]) -> Message:
    """Return several texts as one, separated by semicolons.

    Parameters
    ----------
    texts : iterable of str
        Messages keep their templates.
    """
    return join_with("; ", texts)


def language_of(wanted: str | None) -> str:
    """Return the language that a person asked for; English where there is no such catalogue.

    The system's language is not asked: the translations were not reviewed by people who work in
    these languages, so that only who wants one gets it.

    Parameters
    ----------
    wanted : str or None
        Value of `LANGUAGE_VARIABLE`, such as ``de`` or ``de_AT.UTF-8``.
    """
    if wanted == PSEUDO_LANGUAGE:
        return PSEUDO_LANGUAGE
    code = (wanted or "").lower().replace("-", "_").split("_")[0].split(".")[0]
    return code if code in LANGUAGES else "en"


def translate(message: str, language: str | None = None) -> str:
    """Return a message in a person's language; other strings as they are.

    Parameters
    ----------
    message : str
    language : str or None
        A key of `LANGUAGES`; None: that of this process, see `language_of`.
    """
    # Gettext keeps the header of a catalogue under the empty text.
    if not isinstance(message, Message) or not message.template:
        return message
    language = language_of(os.environ.get(LANGUAGE_VARIABLE)) if language is None else language
    template = _template(message, language)
    if not message.values:
        return template
    values = {
        name: translate(value, language) if isinstance(value, str) else value
        for name, value in message.values.items()
    }
    return _encodable(template.format(**values))


def sentence(message: str) -> str:
    """Return a message in the language of this process, with a capital first letter."""
    shown = translate(message)
    return f"{shown[:1].upper()}{shown[1:]}"


def without_header_texts(message: str, replace: Callable[[str], str]) -> str:
    """Return a message in English, with another text for each value from a header.

    Parameters
    ----------
    message : str
        A text that is no `Message` is from the header as a whole, or not at all.
    replace : callable
        Returns the text for a value.
    """
    if isinstance(message, HeaderText):
        return replace(message)
    if not isinstance(message, Message) or not message.values:
        return message
    values = {name: _without_header_texts(one, replace) for name, one in message.values.items()}
    one = message.plural is None or values["count"] == 1
    template = message.template if one or message.plural is None else message.plural
    return template.format(**values)


def _encodable(shown: str) -> str:
    r"""Return a text that can be written to a file: a path may hold bytes that are not UTF-8.

    Such a byte is a lone surrogate in Python, and becomes its escape, as ``\udcfc``.
    """
    return shown if shown.isascii() else shown.encode("utf-8", "backslashreplace").decode()


def _without_header_texts(value: object, replace: Callable[[str], str]) -> object:
    if isinstance(value, BaseException):
        value = str(value)
    return without_header_texts(value, replace) if isinstance(value, str) else value


def _template(message: Message, language: str) -> str:
    catalogue = _catalogue(language)
    if message.plural is None:
        return catalogue.gettext(message.template)
    count = message.values["count"]
    assert isinstance(count, int)
    return catalogue.ngettext(message.template, message.plural, count)


class _Marked(gettext.NullTranslations):
    """Marks every text, to find those that no catalogue holds."""

    def gettext(self, message: str) -> str:
        return message.join(PSEUDO_MARKS)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)


@lru_cache(maxsize=8)
def _catalogue(language: str) -> gettext.NullTranslations:
    if language == PSEUDO_LANGUAGE:
        return _Marked()
    return gettext.translation("leakwatch", _FOLDER, [language], fallback=True)
