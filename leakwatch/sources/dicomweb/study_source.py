"""A study in a DICOMweb archive that is polled for new objects."""

from __future__ import annotations

import datetime as dt
import re
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import requests

from leakwatch.config import LiveDicomSettings, Settings
from leakwatch.core.errors import SourceError
from leakwatch.core.messages import text
from leakwatch.core.plural import counted_noun
from leakwatch.sources.arrival.arrival_source import ArrivalSource
from leakwatch.sources.arrival.arrived_frames import ArrivedObject
from leakwatch.sources.arrival.source_options import options_of, yes
from leakwatch.sources.arrival.spool import Spool
from leakwatch.sources.dicom.dicom_header import read_header
from leakwatch.sources.dicom.frame_times import clock_time
from leakwatch.sources.dicomweb.archive_client import AnswerTooLong, ArchiveClient, Instance

_OPTIONS = ("study", "existing", "keep")
_UID = re.compile(r"[0-9]+(\.[0-9]+)*")  # PS3.5 9.1
_LONGEST_UID = 64
_NO_SUCH_STUDY = 404
# An object that cannot be fetched is asked for so often: an archive may still be storing it.
_ATTEMPTS = 3
# The more special before the more general.
_FAULTS = {
    requests.exceptions.SSLError: "the archive's certificate is not trusted",
    requests.Timeout: "the archive does not answer in time",
    requests.ConnectionError: "the archive cannot be reached",
}
# Longest wait of `close` for its thread, s; a hanging archive may block it for `answer_s`.
_JOIN_S = 0.5


@dataclass(frozen=True, slots=True)
class StudyOptions:
    """Options of a DICOMweb source.

    Parameters
    ----------
    root : str
        Base of the DICOMweb services, ``http://host:port/path``.
    study : str
        Study Instance UID.
    existing : bool
        Fetch existing objects, too.
    keep : Path or None
        Where fetched objects stay; None: they are removed when they were decoded.
    """

    root: str
    study: str
    existing: bool = False
    keep: Path | None = None


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
        raise SourceError(
            text("{what}: names no archive. Write {what}://HOST/ROOT?study=UID.", what=what)
        )
    if parts.username or parts.password:
        raise SourceError(
            text(
                "{what}: name and password do not belong into an address, which is shown and "
                "recorded. Put them into ~/.netrc.",
                what=what,
            )
        )
    options = options_of(parts.query, _OPTIONS, what)
    study = options.get("study", "")
    if not _UID.fullmatch(study) or len(study) > _LONGEST_UID:
        raise SourceError(
            text(
                "{what}: study is {study!r}. Give its Study Instance UID: ?study=UID.",
                what=what,
                study=study,
            )
        )
    root = f"{scheme}://{parts.netloc}{parts.path.rstrip('/')}"
    keep = Path(options["keep"]) if options.get("keep") else None
    existing = yes(options, "existing", what)
    return DicomWebStudy(StudyOptions(root, study, existing, keep), settings.live_dicom)


class DicomWebStudy(ArrivalSource):
    """Frames of the objects that are added to a study; a `leakwatch.core.protocols.LiveSource`.

    Parameters
    ----------
    options : StudyOptions
    settings : LiveDicomSettings

    Raises
    ------
    SourceError
        No folder for what arrives can be made.
    """

    def __init__(self, options: StudyOptions, settings: LiveDicomSettings | None = None) -> None:
        self._options, self._settings = options, settings or LiveDicomSettings()
        # Local time, as used by C-arms for the time of an image.
        self._begun_at = dt.datetime.now()  # noqa: DTZ005 - C-arms know no time zones
        self._archive = ArchiveClient(options.root, self._settings)
        self._spool = Spool(options.keep)
        super().__init__(f"DICOMweb at {options.root}", self._settings, keep=self._spool.kept)
        self._known: set[str] = set()
        self._failed: dict[str, int] = {}
        self._doubtful: frozenset[str] = frozenset()
        self._thread = threading.Thread(target=self._poll, name="DICOMweb", daemon=True)
        self._thread.start()

    def _end(self) -> None:
        self._archive.close()
        self._thread.join(_JOIN_S)
        self._spool.close()

    def _poll(self) -> None:
        begun, away, pause_s = self._options.existing, False, 0.0
        while not self._closed.wait(pause_s):
            try:
                found = self._archive.instances(self._options.study)
                if not begun:
                    self._begin(found, missed=away)
                if away:
                    self._log.is_waiting()
                begun, away, pause_s = True, False, self._settings.poll_s
                for instance in found:
                    next_s = time.monotonic() + self._settings.run_step_s
                    if self._take(instance):
                        self._closed.wait(max(next_s - time.monotonic(), 0.0))
            # Archive, network and data are untrusted: they may fail in any way.
            except Exception as error:  # noqa: BLE001
                usual_s = self._settings.poll_s
                pause_s = min(max(2 * pause_s, usual_s), self._settings.back_off_s)
                if _no_such_study(error):
                    # The study is empty so far, and all objects will be new.
                    begun, pause_s = True, usual_s
                away = True
                self._log.is_lost(
                    text(
                        "{why}; next request in {pause_s:g} s",
                        why=_why(error),
                        pause_s=pause_s,
                    )
                )

    def _begin(self, found: list[Instance], missed: bool) -> None:
        """Find objects that existed before the session.

        If the archive did not respond when the session began, only the objects themselves show it.
        """
        if missed:
            self._doubtful = frozenset(one.uid for one in found)
            return
        self._known.update(one.uid for one in found)
        there = counted_noun(len(found), "object that was", "objects that were")
        passed = f"passed over: {there} there already (existing=yes takes them too)"
        self._log.note(passed if found else text("there is nothing in the study yet"))

    def _take(self, instance: Instance) -> bool:
        """Fetch a new object; return whether it belongs to the session."""
        if self._closed.is_set() or instance.uid in self._known or not self._arrived.has_room:
            return False
        try:
            path = self._fetched(instance)
        except (requests.ConnectionError, requests.Timeout):
            raise
        except Exception as error:  # noqa: BLE001 - as above, for this object alone
            failed = self._failed[instance.uid] = self._failed.get(instance.uid, 0) + 1
            if failed >= _ATTEMPTS or isinstance(error, AnswerTooLong):
                self._known.add(instance.uid)
                self._log.is_lost(text("an object could not be fetched: {why}", why=_why(error)), 1)
            return False
        self._known.add(instance.uid)
        if instance.uid in self._doubtful and self._is_of_before(path):
            path.unlink(missing_ok=True)
            self._log.note(
                text("objects older than the session, by their own statement, are skipped")
            )
            return False
        return self._arrived.put(ArrivedObject(path, time.monotonic()))

    def _fetched(self, instance: Instance) -> Path:
        file = self._spool.begin()
        try:
            self._archive.fetch(self._options.study, instance, file.write)
            return file.finish()
        except BaseException:
            file.abandon()
            raise

    def _is_of_before(self, path: Path) -> bool:
        """Return whether an object states that it was acquired before the session began."""
        try:
            taken_at = clock_time(read_header(path, most=self._settings).dataset).values()
        except SourceError:
            return False  # the decoder reports what is wrong with it
        apart = dt.timedelta(seconds=self._settings.clocks_apart_s)
        return any(one < self._begun_at - apart for one in taken_at)


def _no_such_study(error: Exception) -> bool:
    response = error.response if isinstance(error, requests.HTTPError) else None
    return response is not None and response.status_code == _NO_SUCH_STUDY


def _why(error: Exception) -> str:
    """Return the error without an address that may identify the patient."""
    if isinstance(error, requests.HTTPError) and error.response is not None:
        code = error.response.status_code
        if code == _NO_SUCH_STUDY:
            return text("the archive knows no such study yet (HTTP 404)")
        hint = text(" (name and password belong into ~/.netrc)") if code in (401, 403) else ""
        return text("the archive answers with HTTP {code}{hint}", code=code, hint=hint)
    if isinstance(error, AnswerTooLong):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        return text("a received object could not be written: {reason}", reason=error.strerror)
    known = (words for kind, words in _FAULTS.items() if isinstance(error, kind))
    return next(known, f"what the archive answers cannot be read ({type(error).__name__})")
