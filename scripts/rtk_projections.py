"""Project a volume with RTK (itk-rtk) and keep some of its line integrals for the tests.

Needs the extra `verify` (1.6 GB): pip install -e '.[verify]'. Writes
tests/simulator/data/rtk_projections.json, or the file that is named; the tests compare it with
`simulator.anatomy.carm`. Nothing here uses the simulator: volume and geometry are stated again, the
geometry in RTK's own terms.
"""

from __future__ import annotations

import importlib.metadata
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

Volume = npt.NDArray[np.float32]

FILE = (
    Path(__file__).resolve().parent.parent / "tests" / "simulator" / "data" / "rtk_projections.json"
)
SEED = 20
# Axes of the volume: right, anterior, superior. Odd spacings: none may pass for another.
SPACING_MM, ORIGIN_MM, SHAPE = (2.0, 1.6, 1.8), (-96.0, -72.0, -63.0), (97, 91, 71)
ROWS, COLUMNS, PITCH_MM = 225, 257, 1.0
EVERY_PX = 20  # what is kept of the picture: this is a grid over all of it
DIGITS = 6


@dataclass(frozen=True)
class View:
    """A view in RTK's terms, with what the simulator calls the same.

    Parameters
    ----------
    name : str
    gantry_deg, out_of_plane_deg : float
        RTK: x is the patient's right, y superior, z posterior. At 0 the source is posterior.
    view, anterior : str
    angle_deg, tilt_deg : float
        Of `carm.CArm`.
    sid_mm, sod_mm : float
        Source to detector, source to the origin. RTK calls them SDD and SID.
    """

    name: str
    gantry_deg: float
    out_of_plane_deg: float
    view: str
    anterior: str
    angle_deg: float
    tilt_deg: float
    sid_mm: float = 1050.0
    sod_mm: float = 720.0


VIEWS = (
    View("lateral", -90.0, 0.0, "lateral", "right", 0.0, 0.0),
    View("lateral-left", 90.0, 0.0, "lateral", "left", 0.0, 0.0, 1150.0, 765.0),
    View("ap", 0.0, 0.0, "ap", "right", 0.0, 0.0),
    View("oblique", -25.0, 0.0, "ap", "right", 25.0, 0.0),
    View("off-lateral", -82.0, -11.0, "lateral", "right", -8.0, 11.0),
    # Nearly half way between the axes, where some rays run most along another than the view.
    View("widest", -40.0, -6.0, "ap", "right", 40.0, 6.0),
)


def volume() -> Volume:
    """Attenuation in 1/mm, ``SHAPE``: a trunk with grain, vertebrae, ribs and metal; air around."""
    x, y, z = np.ogrid[tuple(slice(0, size) for size in SHAPE)]
    x, y, z = (o + s * i for o, s, i in zip(ORIGIN_MM, SPACING_MM, (x, y, z), strict=True))
    trunk = (x / 86.0) ** 2 + ((y - 2.0) / 62.0) ** 2 + (z / 80.0) ** 4 < 1.0
    trunk = trunk & (np.abs(z) < 56.0)
    made = np.where(trunk, 0.0206, 0.0)
    rng = np.random.default_rng(SEED)
    made += trunk * 0.002 * rng.standard_normal(SHAPE)
    for level in (-36.0, 0.0, 36.0):
        body = (x / 22.0) ** 2 + ((y + 8.0) / 16.0) ** 2 < 1.0
        made = np.where(body & (np.abs(z - level) < 13.0), 0.032, made)
        spine = (np.abs(x) < 4.0) & (np.abs(y + 42.0) < 10.0)
        made = np.where(spine & (np.abs(z - level) < 8.0), 0.045, made)
    for _ in range(12):
        cx, cy, cz = rng.uniform((-50, -40, -40), (50, 40, 40))
        ball = (x - cx) ** 2 + (y - cy) ** 2 + (z - cz) ** 2 < rng.uniform(4.0, 9.0) ** 2
        made = np.where(ball, 0.06, made)
    metal = ((x - 18.0) ** 2 + (z - 2.0) ** 2 < 6.0) & (np.abs(y + 30.0) < 28.0)
    return np.ascontiguousarray(np.where(metal, 0.4, made), np.float32)


def rtk_projection(view: View) -> npt.NDArray[np.float64]:
    """Line integrals on the kept grid, ``(rows, columns)``; by RTK's Joseph forward projection."""
    import itk
    from itk import RTK

    # RTK turns about y, so that y must lead along the patient: (right, superior, posterior).
    turned = volume()[:, ::-1, :].transpose(1, 2, 0)  # numpy's order: z, y, x
    image = itk.image_from_array(np.ascontiguousarray(turned))
    image.SetSpacing([SPACING_MM[0], SPACING_MM[2], SPACING_MM[1]])
    last_anterior = ORIGIN_MM[1] + SPACING_MM[1] * (SHAPE[1] - 1)
    image.SetOrigin([ORIGIN_MM[0], ORIGIN_MM[2], -last_anterior])
    geometry = RTK.ThreeDCircularProjectionGeometry.New()
    geometry.AddProjection(
        view.sod_mm, view.sid_mm, view.gantry_deg, 0.0, 0.0, view.out_of_plane_deg
    )
    columns, rows = _kept(COLUMNS), _kept(ROWS)
    picture = itk.image_from_array(np.zeros((1, len(rows), len(columns)), np.float32))
    # At 0 RTK's columns lead to the patient's right and its rows to the head. A picture seen from
    # the detector has both the other way about: half a turn, which the sampling undoes.
    step = EVERY_PX * PITCH_MM
    picture.SetSpacing([step, step, 1.0])
    first = [
        (kept[0] - (size - 1) / 2) * PITCH_MM for kept, size in ((columns, COLUMNS), (rows, ROWS))
    ]
    picture.SetOrigin([*first, 0.0])
    kind = itk.Image[itk.F, 3]
    joseph = RTK.JosephForwardProjectionImageFilter[kind, kind].New()
    joseph.SetInput(0, picture)
    joseph.SetInput(1, image)
    joseph.SetGeometry(geometry)
    joseph.Update()
    return np.asarray(itk.array_from_image(joseph.GetOutput())[0, ::-1, ::-1], np.float64)


def _kept(size: int) -> range:
    """Pixels that are kept; the same from either end."""
    return range((size - 1) % EVERY_PX // 2, size, EVERY_PX)


def main(file: Path = FILE) -> None:
    """Write the file, a row of each picture on a line."""
    made_with = {
        name: importlib.metadata.version(name) for name in ("itk-rtk", "itk-core", "numpy")
    }
    head = {
        "made_by": "scripts/rtk_projections.py",
        "made_with": made_with,
        "rows_px": [*_kept(ROWS)],
        "columns_px": [*_kept(COLUMNS)],
    }
    lines = [f"{json.dumps(key)}: {json.dumps(value)}," for key, value in head.items()]
    views = []
    for view in VIEWS:
        rows = [
            json.dumps([float(f"{value:.{DIGITS}g}") for value in row])
            for row in rtk_projection(view).tolist()
        ]
        views.append(f"{json.dumps(view.name)}: [\n  " + ",\n  ".join(rows) + "\n ]")
    text = "{\n" + "\n".join(lines) + '\n"views": {\n ' + ",\n ".join(views) + "\n}\n}\n"
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
