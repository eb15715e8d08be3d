"""Draw the moving pictures of the documentation, from our own simulated cases (`make picture`).

Each is what `leakwatch analyze` draws into overlay.mp4, at half of its size: nothing is touched up.
Two show the sample cases as they are. In two the frames are changed first, as a room may change
them: the image is frozen, or a collimator blade closes. One is simulated for it, with more of a
patient around the spine.

`python scripts/draw_animations.py --only epidural --out DIR` draws one of them.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pydicom
from PIL import Image
from pydicom.uid import ExplicitVRLittleEndian

REPOSITORY = Path(__file__).resolve().parent.parent
SAMPLES = REPOSITORY / "sample_dicom"
IMAGES = REPOSITORY / "docs" / "images"

Pixels = npt.NDArray[np.uint16]

WIDTH_PX = 544
QUALITY = 50
# Of the frames of a sequence, this many are shown, at its own speed.
SHOWN_FRAMES = 27
LAST_SHOWN_S = 2.0
# From this frame on the sample is changed: cement is there, and no STOP is due yet.
CHANGED_FROM = 26
CLOSING_FRAMES = 8
# Behind lead a little scatter is left, of a beam that is 1.
BEHIND_LEAD = 0.02
SEED = 7


def frozen(pixels: Pixels) -> Pixels:
    """Return frames of which the last ones repeat one, as a last image hold does."""
    changed = pixels.copy()
    changed[CHANGED_FROM:] = pixels[CHANGED_FROM]
    return changed


def occluded(pixels: Pixels) -> Pixels:
    """Return frames over which a blade closes from the left, past the posterior wall."""
    changed = pixels.copy()
    random = np.random.default_rng(SEED)
    for at in range(CHANGED_FROM, len(changed)):
        share = min((at - CHANGED_FROM) / CLOSING_FRAMES, 1.0)
        lead = changed[at][:, : round(0.5 * share * changed.shape[2])]
        lead[:] = random.poisson(BEHIND_LEAD * lead)
    return changed


Change = Callable[[Pixels], Pixels]
# Name of the picture: the sample that it shows, and what is changed in it.
FROM_SAMPLES: dict[str, tuple[str, Change | None]] = {
    "epidural": ("epidural", None),
    "contained": ("contained", None),
    "frozen": ("epidural", frozen),
    "occluded": ("epidural", occluded),
}
# Name of the picture: the built-in scenario that is simulated for it.
SIMULATED = {"anterior-vein": "anterior-vein"}


def changed_sample(name: str, change: Change, folder: Path) -> Path:
    """Write a sample with other pixels; return the path of its case."""
    dataset = pydicom.dcmread(SAMPLES / f"{name}.dcm")
    pixels = change(dataset.pixel_array)
    dataset.PixelData = pixels.tobytes()
    dataset["PixelData"].VR = "OW"
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.save_as(folder / f"{name}.dcm", enforce_file_format=True)
    case = folder / f"{name}.case.json"
    case.write_bytes((SAMPLES / f"{name}.case.json").read_bytes())
    return case


def simulated(scenario: str, folder: Path) -> Path:
    """Simulate a built-in scenario; return the path of its case."""
    command = [sys.executable, "-c", "from leakwatch.cli import main; main()", "simulate", scenario]
    subprocess.run([*command, "--out", str(folder)], check=True, stdout=subprocess.DEVNULL)
    return folder / f"{scenario}.case.json"


def case_of(name: str, folder: Path) -> Path:
    """Return the path of the case that a picture shows; what has to be made is in `folder`."""
    if name in SIMULATED:
        return simulated(SIMULATED[name], folder)
    sample, change = FROM_SAMPLES[name]
    if change is None:
        return SAMPLES / f"{sample}.case.json"
    return changed_sample(sample, change, folder)


def chosen_frames(count: int) -> list[int]:
    """Return which of so many frames are shown."""
    return np.unique(np.linspace(0, count - 1, SHOWN_FRAMES).round().astype(int)).tolist()


def drawn_frames(case: Path, only: Collection[int] = ()) -> tuple[list[Image.Image], list[float]]:
    """Analyse a case, and return some of its frames as the overlay video has them, and their times.

    Parameters
    ----------
    case : Path
    only : collection of int
        Frames; empty takes those of `chosen_frames`.
    """
    from leakwatch.config import Settings
    from leakwatch.display.grey_mapping import grey_mapping
    from leakwatch.display.history import History
    from leakwatch.display.picture import make_overlay
    from leakwatch.runner.stored_run import open_run
    from leakwatch.sinks.overlay.canvas import draw
    from leakwatch.sinks.overlay.overlay_video import PREVIEW_FRAMES

    settings = Settings()
    run = open_run(case, settings)
    history, shown, times_s = History(settings.window), [], []
    snapshots = list(run.iter_snapshots())
    run.source.close()
    greys = grey_mapping([snapshot.frame for snapshot in snapshots[:PREVIEW_FRAMES]])
    for at, snapshot in enumerate(snapshots):
        history.append(snapshot.observation, snapshot.alert)
        if at not in (only or chosen_frames(len(snapshots))):
            continue
        # The time that a decision took is of this machine, and is left out.
        timeless = replace(snapshot, latency_ms=0.0)
        before = history.before(snapshot.observation.time_s)
        lines = make_overlay(timeless, run.marks, settings, before)
        image = Image.fromarray(draw(lines, greys.apply(snapshot.frame.pixels)))
        height = round(image.height * WIDTH_PX / image.width)
        shown.append(image.resize((WIDTH_PX, height), Image.Resampling.LANCZOS))
        times_s.append(snapshot.frame.time_s)
    return shown, times_s


def write_animation(path: Path, shown: list[Image.Image], times_s: list[float]) -> None:
    """Write a WebP that runs at the sequence's own speed, again and again."""
    lasts_s = [*np.diff(times_s), LAST_SHOWN_S]
    shown[0].save(
        path,
        "WEBP",
        save_all=True,
        append_images=shown[1:],
        duration=[round(1000.0 * one) for one in lasts_s],
        loop=0,
        quality=QUALITY,
        method=4,
    )


def draw_animation(name: str, out: Path) -> Path:
    """Draw one of the pictures."""
    path = out / f"{name}.webp"
    with tempfile.TemporaryDirectory() as made:
        write_animation(path, *drawn_frames(case_of(name, Path(made))))
    return path


def main() -> int:
    """Draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=IMAGES)
    parser.add_argument("--only", choices=[*FROM_SAMPLES, *SIMULATED], action="append")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    for name in given.only or [*FROM_SAMPLES, *SIMULATED]:
        sys.stdout.write(f"{draw_animation(name, given.out)}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
