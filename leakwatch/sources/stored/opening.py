"""Open what is stored: a DICOM file, a folder of single frames, or a recorded session."""

from __future__ import annotations

from pathlib import Path

from leakwatch.case_files.session_file import SESSION_NAME
from leakwatch.core.errors import SourceError
from leakwatch.core.messages import text
from leakwatch.sources.dicom.dicom_file import DicomFile
from leakwatch.sources.dicom.dicom_folder import DicomFolder
from leakwatch.sources.stored.recorded_session import RecordedSession


def open_source(path: Path) -> DicomFile | DicomFolder | RecordedSession:
    """Open a DICOM file, a folder of single frames, or a session that LeakWatch recorded.

    Parameters
    ----------
    path : Path

    Returns
    -------
    DicomFile, DicomFolder or RecordedSession
        Also has `acquisition`, known before the first frame is decoded.

    Raises
    ------
    SourceError
        There is nothing at `path`, or it cannot be read as a sequence.
    """
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise SourceError(
            text("{path}: there is no such file or folder. Check the path.", path=path)
        ) from None
    except (OSError, ValueError) as error:  # too long, a loop of links, a zero byte
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise SourceError(
            text(
                "{path}: cannot be opened: {reason}. Check the path.",
                path=str(path)[:200],
                reason=reason,
            )
        ) from error
    if (path / SESSION_NAME).is_file():
        return RecordedSession(path)
    if path.is_dir():
        return DicomFolder(path)
    if not path.is_file():  # a pipe or a device would be waited for, without an end
        raise SourceError(
            text("{path}: is neither a file nor a folder. Give one of them.", path=path)
        )
    return DicomFile(path)
