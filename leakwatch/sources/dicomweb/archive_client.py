"""DICOMweb client: contents of a study, and its objects in parts (PS3.18 10.4 and 10.6).

dicomweb-client is not used: it holds an answer in memory, however long it is, and reads the object
in it, which inflates one that is deflated.
"""

from __future__ import annotations

import re
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from email.message import Message
from typing import Any

import msgspec
import requests
from urllib3.exceptions import HTTPError, ReadTimeoutError

from leakwatch.config import LiveDicomSettings
from leakwatch.core.messages import text
from leakwatch.sources.dicomweb.multipart import Part

# As stored, else in the form that every archive must support (PS3.18 8.7.3).
_SYNTAXES = ("*", "1.2.840.10008.1.2.1")
_PIECE_BYTES = 1 << 16
# Both kinds that HTTP names, with or without their headers (RFC 9110 8.4.1).
_INFLATED = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}
_NO_CONTENT, _REFUSALS = 204, range(400, 500)
# Content types of a single object; a login page is not one.
_ONE_OBJECT = ("application/dicom", "application/octet-stream")
_UID = re.compile(r"[0-9.]{1,64}")  # PS3.5 9.1; it becomes a part of an address


class AnswerTooLong(Exception):
    """A response exceeds the limit of size or time."""


@dataclass(frozen=True, slots=True)
class Instance:
    """An object in a study.

    Parameters
    ----------
    series, uid : str
    number : float
        Instance Number; infinite if absent.
    """

    series: str
    uid: str
    number: float


class _Values(msgspec.Struct):
    values: list[Any] | None = msgspec.field(default=None, name="Value")

    @property
    def first(self) -> Any:
        return self.values[0] if self.values else None


class _Match(msgspec.Struct):
    """One match of a search (PS3.18 F.2); other elements are ignored."""

    series: _Values = msgspec.field(default_factory=_Values, name="0020000E")
    uid: _Values = msgspec.field(default_factory=_Values, name="00080018")
    number: _Values = msgspec.field(default_factory=_Values, name="00200013")


class ArchiveClient:
    """Client for one archive.

    Parameters
    ----------
    root : str
        Base of the DICOMweb services, ``http://host:port/path``.
    settings : LiveDicomSettings
    """

    def __init__(self, root: str, settings: LiveDicomSettings) -> None:
        self._root, self._settings = root, settings
        self._session = requests.Session()
        self._closed = threading.Event()

    def close(self) -> None:
        """Disconnect, also during a response."""
        self._closed.set()
        self._session.close()

    def instances(self, study: str) -> list[Instance]:
        """Return the objects of a study, ordered by series and number.

        An archive may split its response into pages of any length: further pages are requested
        until nothing new arrives.

        Raises
        ------
        requests.RequestException, AnswerTooLong, ValueError
        """
        found: dict[str, Instance] = {}
        offset = 0
        while True:
            page = self._page(study, offset) if not offset else self._following(study, offset)
            more = {one.uid: one for one in map(_instance, page) if one is not None}
            new = more.keys() - found.keys()
            found |= more
            offset += len(page)
            # An archive without support for offsets repeats the same page, and has sent all.
            if len(found) > self._settings.study_objects:
                raise AnswerTooLong(
                    text(
                        "a study of more than {maximum} objects",
                        maximum=self._settings.study_objects,
                    )
                )
            if not new:
                return sorted(found.values(), key=lambda one: (one.series, one.number))

    def fetch(self, study: str, instance: Instance, write: Callable[[bytes], None]) -> None:
        """Pass an object in parts to `write`, as stored by the archive if possible.

        Raises
        ------
        requests.RequestException, AnswerTooLong, ValueError
            The data written so far are incomplete.
        """
        url = f"{self._root}/studies/{study}/series/{instance.series}/instances/{instance.uid}"
        for syntax in _SYNTAXES:
            kind = f'multipart/related; type="application/dicom"; transfer-syntax={syntax}'
            try:
                with closing(self._get(url, kind)) as response:
                    for piece in self._object(response):
                        write(piece)
            except requests.HTTPError:
                if syntax is _SYNTAXES[-1]:
                    raise
                continue
            return

    def _following(self, study: str, offset: int) -> list[_Match]:
        """Return a further page; none if there is no other page or no support for offsets."""
        try:
            return self._page(study, offset)
        except requests.HTTPError as error:
            if error.response is not None and error.response.status_code in _REFUSALS:
                return []
            raise

    def _page(self, study: str, offset: int) -> list[_Match]:
        url = f"{self._root}/studies/{study}/instances"
        url += f"?offset={offset}" if offset else ""
        with closing(self._get(url, "application/dicom+json, application/json")) as response:
            if response.status_code == _NO_CONTENT:
                return []
            text = b"".join(self._pieces(response, self._settings.answer_bytes)).strip()
        if text.startswith(b"{"):  # one match, which should be in a list
            return [msgspec.json.decode(text, type=_Match)]
        return msgspec.json.decode(text, type=list[_Match]) if text else []

    def _get(self, url: str, accept: str) -> requests.Response:
        headers = {"Accept": accept, "Accept-Encoding": "identity"}
        timeout = (self._settings.connect_s, self._settings.answer_s)
        response = self._session.get(url, headers=headers, timeout=timeout, stream=True)
        if not response.ok:
            response.close()
        response.raise_for_status()
        return response

    def _object(self, response: requests.Response) -> Iterator[bytes]:
        """Return the first part of a multipart body, or a body that is one object."""
        header = Message()
        header["Content-Type"] = response.headers.get("Content-Type", "")
        several = header.get_content_maintype() == "multipart"
        if not several and header.get_content_type() not in _ONE_OBJECT:
            raise ValueError(
                text(
                    "an object of type {content_type}",
                    content_type=header.get_content_type(),
                )
            )
        boundary = header.get_boundary() if several else None
        pieces = self._pieces(response, self._settings.object_bytes)
        return pieces if boundary is None else iter(Part(pieces, boundary.encode()))

    def _pieces(self, response: requests.Response, most: int) -> Iterator[bytes]:
        """Yield a body in parts, inflated if the archive deflated it, up to `most` bytes."""
        too_long = AnswerTooLong(f"an answer of more than {most} bytes")
        announced = response.headers.get("Content-Length", "")
        if announced.isdecimal() and int(announced) > most:
            raise too_long
        got, end_s = 0, time.monotonic() + self._settings.object_s
        encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
        raw = _raw(response)
        for piece in raw if encoding == "identity" else _inflated(raw, encoding):
            got += len(piece)
            if got > most:
                raise too_long
            if self._closed.is_set():
                raise requests.ConnectionError("closed")
            if time.monotonic() > end_s:
                raise AnswerTooLong(
                    text(
                        "an answer that took more than {limit_s:g} s",
                        limit_s=self._settings.object_s,
                    )
                )
            yield piece


def _raw(response: requests.Response) -> Iterator[bytes]:
    """Yield a body as it arrives, with the errors of requests."""
    try:
        yield from response.raw.stream(_PIECE_BYTES, decode_content=False)
    except ReadTimeoutError as error:
        raise requests.Timeout(error) from error
    except HTTPError as error:
        raise requests.ConnectionError(error) from error


def _inflated(pieces: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """Inflate a body in small parts, so that a decompression bomb is detected early."""
    if encoding not in _INFLATED:
        raise ValueError(text("a body that is encoded as {encoding!r}", encoding=encoding))
    inflater = zlib.decompressobj(_INFLATED[encoding])
    for piece in pieces:
        left = piece
        while left and not inflater.eof:
            yield inflater.decompress(left, _PIECE_BYTES)
            left = inflater.unconsumed_tail


def _instance(match: _Match) -> Instance | None:
    """Return the object of a match; None if it has none."""
    series, uid, number = match.series.first, match.uid.first, match.number.first
    named = all(isinstance(one, str) and _UID.fullmatch(one) for one in (series, uid))
    if not named:
        return None
    try:
        return Instance(series, uid, float("inf") if number is None else float(number))
    except (TypeError, ValueError):
        return Instance(series, uid, float("inf"))
