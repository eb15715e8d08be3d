"""Untrusted text, made safe to show and to use in a file name.

Names of cases, paths, DICOM elements and what a network peer states are written by others. A line
break in them forges a line of output, an escape sequence controls the terminal or the clipboard,
and a direction mark reverses the letters that follow.
"""

from __future__ import annotations

import re
import unicodedata
from html import escape
from typing import Final

# Characters that have an effect but no glyph: controls, formats (direction marks, zero width),
# surrogates, private ones, unassigned ones, and breaks of lines and paragraphs.
_CONTROL_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})

# A spreadsheet takes what begins with one of them for a formula, and computes it.
FORMULA_SIGNS: Final = ("=", "+", "-", "@", "\t", "\r")

# File systems give a name 255 bytes; a suffix, and what a copy adds, must fit after it.
_MOST_BYTES: Final = 120
_OTHER_THAN_WORDS: Final = re.compile(r"[^\w.]+")
# Device names of Windows, with any suffix.
_DEVICES: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


def escape_control_characters(text: str) -> str:
    """Return `text` with its control characters written as escapes.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
        One line. Backslashes stay as they are, because Windows paths contain them.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escaped(one) if _is_control(one) else one for one in text)


def html_text(text: str) -> str:
    """Return `text` escaped for HTML, between tags or in an attribute."""
    return escape(escape_control_characters(text))


def spreadsheet_cell(value: object) -> object:
    """Return a value for a CSV file: a text on one line, which no spreadsheet computes.

    Parameters
    ----------
    value : object
        Only strings are changed.
    """
    return no_formula(escape_control_characters(value)) if isinstance(value, str) else value


def no_formula(text: str) -> str:
    """Return `text` marked by an apostrophe if a spreadsheet would take it for a formula."""
    return f"'{text}" if text.startswith(FORMULA_SIGNS) else text


def safe_file_name(text: str, instead: str) -> str:
    """Return a recognisable name for a file or folder that is valid on any system.

    Parameters
    ----------
    text : str
        The name that the user chose.
    instead : str
        The name if no letter or digit is left.

    Returns
    -------
    str
        Letters, digits, ``_``, ``-`` and dots; never a path, a hidden file or a command option.
    """
    words = _OTHER_THAN_WORDS.sub("-", unicodedata.normalize("NFC", text)).strip("-.")
    words = words.encode()[:_MOST_BYTES].decode(errors="ignore").strip("-.")
    if not any(one.isalnum() for one in words):
        return instead
    return f"_{words}" if _DEVICES.match(words) else words


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in _CONTROL_CATEGORIES


def _escaped(character: str) -> str:
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
