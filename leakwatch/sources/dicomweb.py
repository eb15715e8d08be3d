"""A study of an archive, asked again and again for what is new in it (DICOMweb)."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import requests
from dicomweb_client.api import DICOMwebClient

from leakwatch.config import LiveDicomSettings, Settings
from leakwatch.errors import SourceError
from leakwatch.model import Frame, LinkStatus
from leakwatch.plural import counted_noun
from leakwatch.sources.arrived_frames import ArrivedFrames, ArrivedObject
from leakwatch.sources.link_log import LinkLog
from leakwatch.sources.live_spec import options_of, yes
from leakwatch.sources.spool import Spool

_OPTIONS = ("study", "existing", "keep")
_UID = re.compile(r"[0-9]+(\.[0-9]+)*")  # PS3.5 9.1
_LONGEST_UID = 64
# As stored, else as every archive must be able to give it (PS3.18 8.7.3).
_MEDIA_TYPES = (
    (("application/dicom", "*"),),
    (("application/dicom", "1.2.840.10008.1.2.1"),),
)
# An archive that gives so many may have held some back: limits in the field are larger.
_PAGE = 100
# An object that cannot be fetched is asked for so often: an archive may still be storing it.
_ATTEMPTS = 3
# `close` waits for its thread so long, s; an archive that hangs holds it for `answer_s`.
_JOIN_S = 0.5


@dataclass(frozen=True, slots=True)
class StudyOptions:
    """Which study of which archive.

    Parameters
    ----------
    root : str
        Base of the DICOMweb services, ``http://host:port/path``.
    study : str
        Study Instance UID.
    existing : bool
        Fetch what is there already, too.
    keep : Path or None
        Where fetched objects stay; None: they are removed when they were decoded.
    """

    root: str
    study: str
    existing: bool = False
    keep: Path | None = None


@dataclass(frozen=True, slots=True)
class _Instance:
    series: str
    uid: str
    number: float


def from_spec(scheme: str, rest: str, settings: Settings) -> DicomWebStudy:
    """Open what ``dicomweb+http:`` or ``dicomweb+https:`` names.

    Parameters
    ----------
    scheme : str
        ``http`` or ``https``.
    rest : str
        ``//HOST:PORT/ROOT?study=UID&existing=yes&keep=FOLDER``.
    settings : Settings

    Raises
    ------
    SourceError
        The specification is wrong. An archive that is away is no error: it is asked again.
    """
    what = f"dicomweb+{scheme}"
    parts = urlsplit(f"{scheme}:{rest}")
    if not parts.hostname:
        raise SourceError(f"{what}: names no archive. Write {what}://HOST/ROOT?study=UID.")
    if parts.username or parts.password:
        raise SourceError(
            f"{what}: name and password do not belong into an address, which is shown and "
            "recorded. Put them into ~/.netrc."
        )
    options = options_of(parts.query, _OPTIONS, what)
    study = options.get("study", "")
    if not _UID.fullmatch(study) or len(study) > _LONGEST_UID:
        raise SourceError(f"{what}: study is {study!r}. Give its Study Instance UID: ?study=UID.")
    root = f"{scheme}://{parts.netloc}{parts.path.rstrip('/')}"
    keep = Path(options["keep"]) if options.get("keep") else None
    existing = yes(options, "existing", what)
    return DicomWebStudy(StudyOptions(root, study, existing, keep), settings.live_dicom)


class DicomWebStudy:
    """Frames of the objects that are added to a study; a `leakwatch.model.LiveSource`.

    Parameters
    ----------
    options : StudyOptions
    settings : LiveDicomSettings

    Raises
    ------
    SourceError
        The address is none, or no folder for what arrives can be made.
    """

    def __init__(self, options: StudyOptions, settings: LiveDicomSettings | None = None) -> None:
        self._options, self._settings = options, settings or LiveDicomSettings()
        self._session = requests.Session()
        timeout = (self._settings.connect_s, self._settings.answer_s)
        try:
            self._client = DICOMwebClient(options.root, self._session, timeout=timeout)
        except ValueError as error:
            raise SourceError(f"dicomweb: {options.root} is no address: {error}.") from error
        self._client.set_http_retry_params(retry=False)  # backing off is done here, and shown
        self._spool = Spool(options.keep)
        self._log = LinkLog(f"DICOMweb at {options.root}", self._settings.fault_shown_s)
        self._arrived = ArrivedFrames(self._log, self._settings, keep=self._spool.kept)
        self._known: set[str] = set()
        self._failed: dict[str, int] = {}
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._poll, name="DICOMweb", daemon=True)
        self._thread.start()

    @property
    def number_of_frames(self) -> None:
        """Nobody knows."""
        return

    @property
    def status(self) -> LinkStatus:
        """Whether the archive answers, and what it gives can be used."""
        return self._log.status

    def frames(self) -> Iterator[Frame]:
        """Yield frames in the order in which objects were found."""
        return self._arrived.frames()

    def close(self) -> None:
        """End `frames`, and ask no longer."""
        self._closed.set()
        self._arrived.stop()
        self._session.close()
        self._thread.join(_JOIN_S)
        self._spool.close()

    def _poll(self) -> None:
        begun, away, pause_s = self._options.existing, False, 0.0
        while not self._closed.wait(pause_s):
            try:
                found = self._listed()
                if away:
                    self._log.is_waiting()
                away, pause_s = False, self._settings.poll_s
                if not begun:
                    self._pass_over(found)
                    begun = True
                for instance in found:
                    self._take(instance)
            # The archive, the network and the bytes are all somebody else's: they fail in any way.
            except Exception as error:  # noqa: BLE001
                usual_s = self._settings.poll_s
                pause_s = min(max(2 * pause_s, usual_s), self._settings.back_off_s)
                away = True
                self._log.is_lost(f"{_why(error)}; it is asked again in {pause_s:g} s")

    def _listed(self) -> list[_Instance]:
        """What is in the study and was not looked at, in order."""
        found: dict[str, _Instance] = {}
        offset = 0
        while True:
            page = self._client.search_for_instances(
                self._options.study, offset=offset if offset else None
            )
            named = [one for one in map(_instance, page) if one is not None]
            more = {one.uid: one for one in named if one.uid not in found}
            found |= more
            offset += len(page)
            # An archive that knows no offset gives the same again, and has given all.
            if len(page) < _PAGE or not more:
                break
        new = (one for uid, one in found.items() if uid not in self._known)
        return sorted(new, key=lambda one: (one.series, one.number))

    def _pass_over(self, found: list[_Instance]) -> None:
        self._known.update(one.uid for one in found)
        there = counted_noun(len(found), "object that was", "objects that were")
        passed = f"passed over: {there} there already (existing=yes takes them too)"
        self._log.note(passed if found else "there is nothing in the study yet")

    def _take(self, instance: _Instance) -> None:
        if self._closed.is_set() or instance.uid in self._known:
            return
        path = self._spool.path()
        try:
            self._fetch(instance, path)
        except (requests.ConnectionError, requests.Timeout):
            raise
        except Exception as error:  # noqa: BLE001 - as above, for this object alone
            failed = self._failed[instance.uid] = self._failed.get(instance.uid, 0) + 1
            if failed >= _ATTEMPTS:
                self._known.add(instance.uid)
                self._log.is_lost(f"an object could not be fetched: {_why(error)}", 1)
            return
        self._known.add(instance.uid)
        self._arrived.put(ArrivedObject(path, time.monotonic()))

    def _fetch(self, instance: _Instance, path: Path) -> None:
        for media_types in _MEDIA_TYPES:
            try:
                dataset = self._client.retrieve_instance(
                    self._options.study, instance.series, instance.uid, media_types=media_types
                )
            except requests.HTTPError:
                if media_types is _MEDIA_TYPES[-1]:
                    raise
                continue
            dataset.save_as(path, enforce_file_format=True)
            return


def _instance(answer: dict[str, dict[str, object]]) -> _Instance | None:
    """One match of a search (PS3.18 F.2); None where it does not name an object."""

    def first(tag: str) -> object:
        values = answer.get(tag, {}).get("Value")
        return values[0] if isinstance(values, list) and values else None

    series, uid, number = first("0020000E"), first("00080018"), first("00200013")
    if not isinstance(series, str) or not isinstance(uid, str):
        return None
    in_order = isinstance(number, int | float)
    return _Instance(series, uid, float(str(number)) if in_order else float("inf"))


def _why(error: Exception) -> str:
    """What is wrong, without an address that may name the patient."""
    if isinstance(error, requests.HTTPError) and error.response is not None:
        code = error.response.status_code
        hint = " (name and password belong into ~/.netrc)" if code in (401, 403) else ""
        return f"the archive answers with HTTP {code}{hint}"
    if isinstance(error, requests.exceptions.SSLError):
        return "the archive's certificate is not trusted"
    if isinstance(error, requests.Timeout):
        return "the archive does not answer in time"
    if isinstance(error, requests.ConnectionError):
        return "the archive cannot be reached"
    if isinstance(error, OSError) and error.strerror:
        return f"what came could not be written: {error.strerror}"
    return f"what the archive answers cannot be read ({type(error).__name__})"
