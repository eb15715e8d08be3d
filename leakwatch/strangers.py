"""What strangers typed, as it may be shown and as it may name a file.

Names of cases, paths, tags and what a peer says of itself are other people's text. A line break in
it makes a line that this program never said, an escape code moves the cursor or the clipboard, and
a mark of direction turns the letters around that follow.
"""

from __future__ import annotations

import unicodedata
from typing import Final

# Characters that are not shown but do something: controls, formats (marks of direction, of no
# width), halves of pairs, private ones, and breaks of lines and paragraphs.
_DO_SOMETHING: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


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


def _does_something(character: str) -> bool:
    return unicodedata.category(character) in _DO_SOMETHING


def _escaped(character: str) -> str:
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
