"""Example of an adapter for a data set in another format.

Give it with ``leakwatch bench SET --out OUT --adapter benchmarks/adapters/expert_notes.py``. It
reads a folder for each patient::

    SET/p017/marks.case.json   view, marks and calibration; names the DICOM file beside it
    SET/p017/expert.txt        the second at which an expert would have stopped, or "never"
    SET/p017/cement/000042.png cement as somebody drew it in frame 42; the folder may be absent

An adapter needs one function, `cases`, which yields one `entry` for each case: its name, its case
file, a function that reads its truth, and the files that this truth comes from (where one of them
changes, the case is judged again). Truth that a set does not have stays None, and the metrics that
need it are not available. A case whose truth raises a `LeakWatchError` is named in the report, and
the others are judged.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from leakwatch.benchmark.cases.case_truth import CaseTruth
from leakwatch.benchmark.cases.dataset import Entry, entry, find_masks
from leakwatch.core.errors import CaseError

# Of all sequences of this set. Where they differ, read them from each.
FPS, FRAMES = 8.0, 16
# Experts name a moment, not a frame: so long before it a STOP is not false.
EARLY_S = 0.5


def cases(folder: Path) -> Iterator[Entry]:
    """Yield the cases of the data set in `folder`."""
    for patient in sorted(path for path in folder.iterdir() if path.is_dir()):
        note, masks = patient / "expert.txt", find_masks(patient / "cement")
        sources = (note, *(path for _, path in masks))
        truth = partial(_truth, note, masks)
        yield entry(patient.name, patient / "marks.case.json", truth, sources)


def _truth(note: Path, masks: tuple[tuple[int, Path], ...]) -> CaseTruth:
    try:
        said = note.read_text("utf-8").strip()
        due = None if said == "never" else round(FPS * float(said))
    except (OSError, ValueError) as error:
        raise CaseError(f"{note}: expected seconds, or never: {error}. Correct it.") from error
    return CaseTruth(
        leak="none" if due is None else "epidural",
        fps=FPS,
        frames=FRAMES,
        due_frame=due,
        right_from=None if due is None else max(0, due - round(FPS * EARLY_S)),
        masks=masks,
    )
