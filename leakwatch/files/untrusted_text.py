"""What strangers typed, as it may be shown and as it may name a file.

Names of cases, paths, tags and what a peer says of itself are other people's text. A line break in
it makes a line that this program never said, an escape code moves the cursor or the clipboard, and
a mark of direction turns the letters around that follow.
"""

from __future__ import annotations

import re
import unicodedata
from html import escape
from typing import Final

# Characters that are not shown but do something: controls, formats (marks of direction, of no
# width), halves of pairs, private ones, and breaks of lines and paragraphs.
_DO_SOMETHING: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})

# File systems give a name 255 bytes; a suffix, and what a copy adds, must fit behind it.
_MOST_BYTES: Final = 120
_OTHER_THAN_WORDS: Final = re.compile(r"[^\w.]+")
# Names of devices under Windows, whatever suffix follows.
_DEVICES: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


def printable(text: str) -> str:
    """Return `text` with each character that is not shown written as its number.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
        One line. A backslash stays as it is: paths of Windows are full of them.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escaped(one) if _does_something(one) else one for one in text)


def html_text(text: str) -> str:
    """Return `text` as it may stand in a page of HTML, between tags or in an attribute."""
    return escape(printable(text))


def safe_file_name(text: str, instead: str) -> str:
    """Return a name of one file or folder, on any system, that `text` is still known by.

    Parameters
    ----------
    text : str
        What a person called it.
    instead : str
        The name where no letter or digit is left.

    Returns
    -------
    str
        Letters, digits, ``_``, ``-`` and dots; never a path, hidden, or an option of a command.
    """
    words = _OTHER_THAN_WORDS.sub("-", unicodedata.normalize("NFC", text)).strip("-.")
    words = words.encode()[:_MOST_BYTES].decode(errors="ignore").strip("-.")
    if not any(one.isalnum() for one in words):
        return instead
    return f"_{words}" if _DEVICES.match(words) else words


def _does_something(character: str) -> bool:
    return unicodedata.category(character) in _DO_SOMETHING


def _escaped(character: str) -> str:
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
