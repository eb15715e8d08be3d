"""Bodies of six persons, against the corners that annotators set; nothing is tuned on one alone."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from leakwatch.case_files.settings_file import load_settings
from leakwatch.core.arrays import PointArray
from leakwatch.core.marks import Side
from leakwatch.marking.one_click import prepare
from leakwatch.runner.stored_run import open_run
from leakwatch.vision.vertebra.body_outline import Body, BodyFinder

SHARE = 0.12  # of a side at either corner, which belongs to two sides


@dataclass(frozen=True)
class Clicked:
    """A body that was clicked in its middle, and its annotated corners; px."""

    body: Body
    corners: dict[str, PointArray]
    mm_per_px: float

    def outside_mm(self, line: PointArray, one: str, other: str, share: float = SHARE) -> float:
        """How far a line lies outside of the chord between two corners, on average."""
        start, end = self.corners[one], self.corners[other]
        length = float(np.hypot(*(end - start)))
        along = (end - start) / length
        out = np.array([-along[1], along[0]])
        if (np.mean(list(self.corners.values()), axis=0) - start) @ out > 0:
            out = -out
        at, off = (line - start) @ along, (line - start) @ out
        order = np.argsort(at)
        places = np.linspace(share * length, (1 - share) * length, 30)
        return float(np.interp(places, at[order], off[order]).mean()) * self.mm_per_px

    @property
    def behind_mm(self) -> float:
        return self.outside_mm(self.body.posterior_wall_px, "post_low", "post_up", 0.0)


@pytest.fixture(scope="module")
def clicked(shared: Path) -> list[Clicked]:
    """The bodies, without the sacrum; side and millimetres given."""
    folder = shared / "real" / "lateral"
    settings, all_ = load_settings(None), []
    for name, told in json.loads((folder / "truth.json").read_bytes()).items():
        run = open_run(folder / f"{name}.dcm", settings)
        picture = prepare(run).picture
        run.source.close()
        for one in told["vertebrae"][:-1]:
            corners = {corner: np.array(at) for corner, at in one.items()}
            column, row = np.mean(list(corners.values()), axis=0)
            body = BodyFinder(settings.vertebra).find(picture, (column, row), anterior=Side.LEFT)
            all_.append(Clicked(body, corners, picture.mm_per_px))
    return all_


def test_the_wall_is_where_annotators_set_it(clicked: list[Clicked]) -> None:
    sure = [one for one in clicked if one.body.wall.unsure is None]
    assert len(sure) >= 0.8 * len(clicked)
    behind = np.array([one.behind_mm for one in sure])
    assert np.median(np.abs(behind)) < 0.7
    assert np.percentile(np.abs(behind), 90) < 1.5
    sigma = np.array([one.body.wall.sigma_mm for one in sure])
    assert 0.6 <= np.mean(np.abs(behind) <= sigma) <= 0.85
    assert (np.abs(behind) <= 3.0 * sigma).all()


@pytest.mark.parametrize(
    ("side", "one", "other"),
    [
        ("upper", "post_up", "ant_up"),
        ("lower", "post_low", "ant_low"),
        ("front", "ant_low", "ant_up"),
    ],
)
def test_the_outline_runs_where_annotators_set_it(
    clicked: list[Clicked], side: str, one: str, other: str
) -> None:
    parts = [(each, getattr(each.body, side)) for each in clicked]
    outside = [
        each.outside_mm(part.line_px, one, other) for each, part in parts if part.unsure is None
    ]
    assert len(outside) >= 0.6 * len(clicked)
    assert np.median(np.abs(outside)) < 1.0
