"""NAME.truth.json: the truth of a simulated case, and when a STOP is due.

The analysis must not read it.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from leakwatch.case_files.case_file import CASE_SUFFIX
from leakwatch.case_files.strict_json import Index, NotNegative, Positive, decode, read
from leakwatch.core.errors import CaseError
from leakwatch.core.messages import counted, text
from leakwatch.core.truth import Picture, Truth, TruthFrame
from leakwatch.files.bounded_input import MOST_DOCUMENT_BYTES

TRUTH_SCHEMA: Final = "leakwatch.truth/1"
TRUTH_SUFFIX: Final = ".truth.json"
# Folder of cement masks beside it: 000042.png for frame 42, not 0 where cement is.
MASKS_SUFFIX: Final = ".masks"


class _TruthFrameJson(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    ml: NotNegative
    dx: float
    dy: float
    distance_mm: float | None
    leak_length_mm: NotNegative
    area_mm2: NotNegative
    picture: Picture = Picture.REFERENCE


class _TruthJson(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    fps: Positive
    mm_per_px: Positive
    leak: Literal["none", "near", "epidural", "vein_ant", "disc"]
    breach_5mm_frame: Index | None
    leak_visible_frame: Index | None
    frames: list[_TruthFrameJson]
    # The contract requires a schema, but the files delivered with it have none.
    schema: Literal["leakwatch.truth/1"] | UnsetType = UNSET


_HINTS = {
    "schema": text("Write {schema}.", schema=TRUTH_SCHEMA),
    "leak": text("Write none, near, epidural, vein_ant or disc."),
}


def load_truth(path: Path) -> Truth:
    """Read and validate a NAME.truth.json.

    Raises
    ------
    CaseError
        The file cannot be read, violates the schema, or refers to a frame that does not exist.
    """
    truth = decode(read(path, MOST_DOCUMENT_BYTES), str(path), _TruthJson, _HINTS)
    count = len(truth.frames)
    for key in ("breach_5mm_frame", "leak_visible_frame"):
        index = getattr(truth, key)
        if index is not None and index >= count:
            raise CaseError(
                counted(
                    "{path}: {key} is {index}, but there is {count} frame. Correct it.",
                    "{path}: {key} is {index}, but there are {count} frames. Correct it.",
                    count=count,
                    path=path,
                    key=key,
                    index=index,
                )
            )
    return Truth(
        truth.fps,
        truth.mm_per_px,
        truth.leak,
        truth.breach_5mm_frame,
        truth.leak_visible_frame,
        tuple(TruthFrame(**msgspec.structs.asdict(frame)) for frame in truth.frames),
    )


def truth_path(case_path: Path) -> Path:
    """Return the path of the truth of a case, NAME.truth.json beside it; it may not exist."""
    return case_path.with_name(case_path.name.removesuffix(CASE_SUFFIX) + TRUTH_SUFFIX)


def encode_truth(truth: Truth) -> bytes:
    """Return the bytes of a NAME.truth.json, one frame per line; numbers are not rounded."""
    head = {"schema": TRUTH_SCHEMA} | {
        key: value for key, value in asdict(truth).items() if key != "frames"
    }
    lines = [msgspec.json.encode(_told(frame)) for frame in truth.frames]
    opening = msgspec.json.encode(head)[:-1].replace(b',"', b',\n "')
    return opening + b',\n "frames": [\n  ' + b",\n  ".join(lines) + b"\n ]}\n"


def _told(frame: TruthFrame) -> dict[str, object]:
    """Return the keys of a frame; `picture` only if it is not the reference view."""
    told = asdict(frame)
    if frame.picture is Picture.REFERENCE:
        del told["picture"]
    return told


# A STOP is false while the truth is clear of both limits. The rule gives STOP at 5 mm; 1.5 mm more
# allow for sigma and the error of the wall. A leak of 1 mm is the shortest that can be visible.
FALSE_ABOVE_MM = 6.5
FALSE_BELOW_LEAK_MM = 1.0


def due_frame(truth: Truth) -> int | None:
    """Return the first frame in which a STOP is due: cement within 5 mm, or a visible leak."""
    due = [at for at in (truth.breach_5mm_frame, truth.leak_visible_frame) if at is not None]
    return min(due, default=None)


def right_from(truth: Truth) -> int | None:
    """Return the first frame from which a STOP is not false; None if it is false in all."""
    return next((i for i, frame in enumerate(truth.frames) if _near(frame)), None)


def _near(true: TruthFrame) -> bool:
    near_wall = true.distance_mm is not None and true.distance_mm <= FALSE_ABOVE_MM
    return near_wall or true.leak_length_mm >= FALSE_BELOW_LEAK_MM
