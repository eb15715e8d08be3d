"""Draw the moving pictures of the documentation, from our own simulated cases (`make picture`).

Each is what `leakwatch analyze` draws into overlay.mp4, without its strip of numbers, at a third of
its size: nothing is touched up. Two show the sample cases as they are. In two the frames are changed
first, as a room may change them: the last image is held, or a collimator blade closes. One is
simulated for it, with more of a patient around the spine.

`python scripts/draw_animations.py --only epidural --out DIR` draws one of them.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pydicom
from PIL import Image
from pydicom.uid import ExplicitVRLittleEndian

REPOSITORY = Path(__file__).resolve().parent.parent
SAMPLES = REPOSITORY / "sample_dicom"
IMAGES = REPOSITORY / "docs" / "images"

Pixels = npt.NDArray[np.uint16]

WIDTH_PX = 420
QUALITY = 55
# Of the frames of a sequence, this many are shown, at its own speed.
SHOWN_FRAMES = 27
LAST_SHOWN_S = 2.0
# The canvas has the image at the left and a strip of numbers at its right: `leakwatch.sinks.canvas`.
IMAGE_SIDE_PX = 768
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


def leakwatch(*arguments: str) -> None:
    """Run the program, quietly."""
    command = [sys.executable, "-c", "from leakwatch.cli import main; main()", *arguments]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def overlay_frames(video: Path) -> tuple[list[Image.Image], list[float]]:
    """Return some frames of an overlay video, small, and their times."""
    with av.open(str(video)) as file:
        decoded = [(frame.to_image(), float(frame.time or 0.0)) for frame in file.decode(video=0)]
    chosen = np.unique(np.linspace(0, len(decoded) - 1, SHOWN_FRAMES).round().astype(int))
    shown = []
    for at in chosen:
        image = decoded[at][0]
        image = image.crop((0, 0, min(IMAGE_SIDE_PX, image.width), image.height))
        height = round(image.height * WIDTH_PX / image.width)
        shown.append(image.resize((WIDTH_PX, height), Image.Resampling.LANCZOS))
    return shown, [decoded[at][1] for at in chosen]


def write_animation(path: Path, video: Path) -> None:
    """Write a WebP that runs at the sequence's own speed, again and again."""
    shown, times_s = overlay_frames(video)
    lasts_s = [*np.diff(times_s), LAST_SHOWN_S]
    shown[0].save(
        path,
        "WEBP",
        save_all=True,
        append_images=shown[1:],
        duration=[round(1000.0 * one) for one in lasts_s],
        loop=0,
        quality=QUALITY,
        method=6,
    )


def draw(name: str, out: Path) -> Path:
    """Draw one of the pictures."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        if name in SIMULATED:
            leakwatch("simulate", SIMULATED[name], "--out", str(folder))
            case = folder / f"{SIMULATED[name]}.case.json"
        else:
            sample, change = FROM_SAMPLES[name]
            case = SAMPLES / f"{sample}.case.json"
            if change is not None:
                case = changed_sample(sample, change, folder)
        leakwatch("analyze", str(case), "--out", str(folder / "out"))
        path = out / f"{name}.webp"
        write_animation(path, folder / "out" / "overlay.mp4")
    return path


def main() -> int:
    """Draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=IMAGES)
    parser.add_argument("--only", choices=[*FROM_SAMPLES, *SIMULATED], action="append")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    for name in given.only or [*FROM_SAMPLES, *SIMULATED]:
        sys.stdout.write(f"{draw(name, given.out)}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
