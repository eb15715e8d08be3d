"""Files of a key image beside a record: PNG, secondary capture, and key object selection."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pydicom
from PIL import Image

from leakwatch.case_files.key_image_index import (
    KEY_IMAGE_FOLDER,
    KeyImageLine,
    add_key_image,
    read_key_images,
)
from leakwatch.case_files.session_file import (
    RECORDING_NAME,
    SESSION_NAME,
    load_session,
    part_name,
    read_recorded_frames,
)
from leakwatch.core.errors import LeakWatchError, SinkError
from leakwatch.core.messages import text
from leakwatch.core.results import Snapshot
from leakwatch.display.grey_mapping import GreyImage
from leakwatch.display.picture import FrameOverlay
from leakwatch.display.references import key_image_title
from leakwatch.files.private_files import make_private_folder, replaced_private_file
from leakwatch.sinks.dicom_export.key_image_objects import (
    CapturedPicture,
    make_capture,
    make_selection,
)
from leakwatch.sinks.overlay.canvas import draw


@dataclass(frozen=True, slots=True, eq=False)
class KeyImage:
    """An image that the operator keeps.

    Parameters
    ----------
    snapshot : Snapshot
    overlay : FrameOverlay
        What was drawn over it.
    grey : ndarray
        ``(rows, columns)``, uint8, as it was shown.
    """

    snapshot: Snapshot
    overlay: FrameOverlay
    grey: GreyImage


@dataclass(frozen=True, slots=True)
class WrittenKeyImage:
    """Files of a key image.

    Parameters
    ----------
    number : int
    png, capture, selection : Path
    """

    number: int
    png: Path
    capture: Path
    selection: Path


def is_session(path: Path) -> bool:
    """Return whether a path is the folder of a record."""
    return (path / SESSION_NAME).is_file()


def keeps_identity(path: Path) -> bool:
    """Return whether the user chose to keep burned-in annotation in a record."""
    return is_session(path) and load_session(path / SESSION_NAME).identity == "kept by choice"


def refusal_text(image: KeyImage, keep_identity: bool) -> str:
    """Return why an image must not be written; empty if it may. As for recorded frames."""
    if image.snapshot.frame.acquisition.burned_in_annotation and not keep_identity:
        return text(
            "not written: the image has a burned-in annotation, which may name the patient "
            "(--keep-identity keeps it)"
        )
    return ""


def write_key_image(
    folder: Path, image: KeyImage, wait: Callable[[], bool], keep_identity: bool = False
) -> WrittenKeyImage:
    """Write the files of a key image, and add it to the index.

    Parameters
    ----------
    folder : Path
        Of the record.
    image : KeyImage
    wait : callable
        Waits a moment for the recording, which may be behind; False: no longer.
    keep_identity : bool

    Raises
    ------
    SinkError
        The image must not be written, nothing is recorded, or the folder cannot be written.
    """
    refusal = refusal_text(image, keep_identity)
    if refusal:
        raise SinkError(refusal)
    frame = image.snapshot.frame
    part, number_in_part = _recorded_place(folder, frame.index, wait)
    try:
        source = pydicom.dcmread(folder / part_name(part), stop_before_pixels=True)
        known = read_key_images(folder)
        number = known[-1].number + 1 if known else 1
        line = KeyImageLine(number, frame.index, frame.time_s, image.snapshot.alert.level)
        picture = CapturedPicture(
            number,
            key_image_title(number, frame.time_s, frame.index, line.level),
            draw(image.overlay, image.grey),
            number_in_part,
            frame.acquisition.burned_in_annotation,
        )
        capture = make_capture(source, picture)
        selection = make_selection(source, capture, picture)
        make_private_folder(folder / KEY_IMAGE_FOLDER)
        stem = folder / KEY_IMAGE_FOLDER / line.stem
        written = WrittenKeyImage(
            number,
            stem.with_suffix(".png"),
            stem.with_suffix(".sc.dcm"),
            stem.with_suffix(".ko.dcm"),
        )
        with replaced_private_file(written.png) as file:
            Image.fromarray(picture.rgb).save(file, "png")
        for path, made in ((written.capture, capture), (written.selection, selection)):
            with replaced_private_file(path) as file:
                made.save_as(file, enforce_file_format=True)
        add_key_image(folder, line)
    except (OSError, LeakWatchError) as error:
        raise SinkError(
            text(
                "{folder} cannot be written: {error}. Check permissions and free disk space.",
                folder=folder,
                error=str(error),
            )
        ) from error
    return written


def _recorded_place(folder: Path, index: int, wait: Callable[[], bool]) -> tuple[int, int | None]:
    """Return the file of a frame and its number there; the last file if it was not recorded.

    Raises
    ------
    SinkError
        No frame is recorded.
    """
    while True:
        path = folder / RECORDING_NAME
        recorded = read_recorded_frames(path) if path.exists() else ()
        before: dict[int, int] = {}
        for one in recorded:
            before[one.part] = before.get(one.part, 0) + 1
            if one.frame == index:
                return one.part, before[one.part]
        passed = bool(recorded) and recorded[-1].frame > index
        if passed or not wait():
            break
    if not recorded:
        raise SinkError(text("no frame was recorded yet. Try again when frames arrive."))
    return recorded[-1].part, None
