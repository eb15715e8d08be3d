"""Redaction of log texts: no patient identity, and no paths of the computer.

Texts of the program mark their values from a header (`HeaderText`), and these are left out. Texts
of libraries quote whatever stood in a header, and paths of files that a device wrote may be made of
names. What a person typed on the command line is theirs to send.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from leakwatch.core.messages import without_header_texts

LEFT_OUT: Final = "..."
# UIDs of objects, series and studies. Those of the standard itself (1.2.840.10008) name no patient.
_UID: Final = re.compile(
    r"(?<![\w.])(?!1\.2\.840\.10008\.)"
    r"(?:(?=[\d.]{18})\d+(?:\.\d+){2,}|\d+(?:\.\d+){5,})(?![\w.]*\w)"
)
_CREDENTIALS: Final = re.compile(r"(\w://)[^/@\s]+@")
# Quoted text; an apostrophe within a word opens nothing.
_QUOTED: Final = re.compile(r"(?<![\w'])b?'((?:[^'\\\n]|\\.)*)'(?!\w)|\"((?:[^\"\\\n]|\\.)*)\"")
# An absolute path, up to what may end one in a message. The last part may hold spaces only where a
# colon, a quote or the end of the text follows, as in "PATH: what is wrong".
_PATH: Final = re.compile(
    r"(?:(?<![^\s'\"=(,\[<])|(?<=:)(?!//))"
    r"(?:~|[A-Za-z]:|\\)?[\\/](?:[^\\/:'\"\n]*[\\/])*(?:[^\\/:'\"\n]*?(?=[:'\"\n]|$)|[^\\/\s:'\"]*)"
)
# A value of a header that is kept: a number, but none as long as the number of a patient.
_SHORT_VALUE: Final = re.compile(r"[-+]?\d{0,5}(\.\d{1,6})?")
_SHORT_NUMBER: Final = re.compile(r"\d{1,5}")  # of a file: names nobody, and stands in any text
_WORD: Final = re.compile(r"[^\s:;,()'\"\\/]+")
# Of so many names of a folder that was typed, no more is looked up: a start waits for it.
_MOST_NAMES: Final = 50_000
_SUFFIX: Final = re.compile(r"\.[A-Za-z]\w{0,4}$")
# What the standard itself writes, and the interpreter says of code and not of data.
_PLAIN: Final = frozenset({"MONOCHROME1", "MONOCHROME2", "RGB", "PALETTE COLOR", "YBR_FULL"})


class Redactor:
    """Redaction of texts that may be sent.

    Parameters
    ----------
    typed : iterable of str
        Paths and sources given by the user, which may be quoted.
    home : Path or None
        Written as ``~``; None: that of the user.
    read : iterable of Path
        Folders among them whose files somebody else named: those names are left out.
    """

    def __init__(
        self, typed: Iterable[str] = (), home: Path | None = None, read: Iterable[Path] = ()
    ) -> None:
        self._found: dict[str, list[str]] = {}  # by the first word
        for name in _names_below(read):
            self._found.setdefault(name.split(" ")[0], []).append(name)
        self._home = str(home or Path.home())
        said = {one for one in typed if one.strip("/\\. ")}
        self._typed = sorted({self._at_home(one) for one in said}, key=len, reverse=True)
        roots = "|".join(re.escape(one.rstrip("/\\")) for one in self._typed)
        # What lies in a folder that was typed was not.
        self._below = re.compile(rf"(?<!\w)({roots})[\\/]([^\\/:'\"\n]*[\\/]?)+?(?=[:'\"\n]|$)")

    def header_texts(self, message: str) -> str:
        """Return a message in English, without the values that it marks as those of a header."""
        return without_header_texts(message, _header_text)

    def __call__(self, text: str) -> str:
        """Return `text` without UIDs, credentials, values of a header, and paths nobody typed."""
        text = self.header_texts(text)
        return self._places(_QUOTED.sub(self._quoted, self._names(text)))

    def of_code(self, text: str) -> str:
        """Return `text`, which the interpreter said of code: what it quotes are names in it."""
        return self._places(self._names(text))

    def _names(self, text: str) -> str:
        return _UID.sub("UID", _CREDENTIALS.sub(rf"\1{LEFT_OUT}@", self._at_home(text)))

    def _at_home(self, text: str) -> str:
        return text.replace(self._home, "~") if len(self._home) > 1 else text

    def _places(self, text: str) -> str:
        if self._typed:
            text = self._below.sub(self._in_folder, text)
        text = _PATH.sub(self._place, text)
        return self._without_found(text) if self._found else text

    def _without_found(self, text: str) -> str:
        """Redact names of files in a folder that the user gave."""
        kept, at = list[str](), 0
        for word in _WORD.finditer(text):
            if word.start() < at:
                continue
            for name in self._found.get(word.group(0).rstrip("."), ()):
                if text.startswith(name, word.start()):
                    kept += [text[at : word.start()], LEFT_OUT, _suffix(name)]
                    at = word.start() + len(name)
                    break
        return "".join([*kept, text[at:]])

    def _in_folder(self, found: re.Match[str]) -> str:
        path = found.group(0)
        if path in self._typed:
            return path
        return f"{found.group(1)}/{LEFT_OUT}{_suffix(path)}"

    def _place(self, found: re.Match[str]) -> str:
        path = found.group(0)
        for one in self._typed:
            rest = path.removeprefix(one)
            if rest == path:
                continue
            if not rest or rest.startswith(f"/{LEFT_OUT}"):
                return path
            if _is_text(rest):
                return one + _PATH.sub(self._place, rest)
        return f"{LEFT_OUT}{_suffix(path)}"

    def _quoted(self, found: re.Match[str]) -> str:
        inner = found.group(1) or found.group(2) or ""
        known = not inner or inner in _PLAIN or any(inner.startswith(one) for one in self._typed)
        return found.group(0) if known else f"'{LEFT_OUT}'"


def _header_text(value: str) -> str:
    return value if value in _PLAIN or _SHORT_VALUE.fullmatch(value) else LEFT_OUT


def _names_below(folders: Iterable[Path]) -> set[str]:
    """Return the names of files and folders that can be listed."""
    found: set[str] = set()
    for folder in folders:
        for _, below, files in os.walk(folder):
            found.update(below, files)
            if len(found) > _MOST_NAMES:
                break
    return {one for one in found if not _SHORT_NUMBER.fullmatch(one)}


def _is_text(rest: str) -> bool:
    """Return whether the text after a path continues the sentence, not the name."""
    return rest[0] in ",;)" or (rest[0] == " " and "/" not in rest and "\\" not in rest)


def _suffix(path: str) -> str:
    found = _SUFFIX.search(path.rstrip())
    return "" if found is None else found.group(0)
