"""Drawing of a detected vertebral body over the cement-free average, for the user to check."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from leakwatch.core.arrays import FloatImage, Point, PointArray
from leakwatch.core.errors import SinkError
from leakwatch.core.messages import join_with, text, translate
from leakwatch.display.lines import LINE_STYLES, LineKind
from leakwatch.display.picture import RESEARCH_NOTICE
from leakwatch.files.private_files import write_private_file
from leakwatch.vision.vertebra.body_outline import Body, Part
from leakwatch.vision.vertebra.straightened_patch import SpinePicture

# Margin around the body: its neighbours show whether it is the intended one.
_MARGIN_SHARE = 0.8
# Of the greys around the body: gas and metal beyond them are clipped.
_GREY_PERCENTILES = (1.0, 99.5)


def write_marks_picture(
    path: Path, picture: SpinePicture, body: Body, shift_px: Point, click_px: Point
) -> None:
    """Draw a detected body; uncertain sides are dotted.

    Parameters
    ----------
    path : Path
        A PNG file, replaced if it exists.
    picture : SpinePicture
    body : Body
        In the coordinates of the clicked frame.
    shift_px : Point
        From the average to that frame.
    click_px : Point

    Raises
    ------
    SinkError
        It cannot be written.
    """
    figure = Figure(figsize=(8.0, 8.6), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    _draw_bone(axes, picture, body, shift_px)
    colour = LINE_STYLES[LineKind.OUTLINE].colour
    for part in (body.upper, body.lower, body.front):
        _draw(axes, part, colour, 1.6)
    _draw(axes, body.wall, LINE_STYLES[LineKind.WALL].colour, 2.6)
    axes.plot(*click_px, "+", color="white", markersize=10)
    reliable = text("no side is uncertain")
    title = translate(join_with("\n", body.unsure) if body.unsure else reliable)
    axes.set_title(title, fontsize=9, loc="left")
    label = join_with("\n", [text("column, pixels"), RESEARCH_NOTICE])
    axes.set_xlabel(translate(label), fontsize=8)
    axes.set_ylabel(translate(text("row, pixels")), fontsize=8)
    try:
        drawn = BytesIO()
        figure.savefig(drawn, format="png")
        write_private_file(path, drawn.getvalue())
    except OSError as error:
        raise SinkError(
            text("{path}: the image cannot be written: {why}", path=path, why=error.strerror)
        ) from error


def _draw_bone(axes: Axes, picture: SpinePicture, body: Body, shift_px: Point) -> None:
    low, high = body.outline_px.min(axis=0), body.outline_px.max(axis=0)
    margin = _MARGIN_SHARE * float((high - low).max())
    rows, columns = picture.attenuation.shape
    corners = picture.grid.to_frame(np.array([[-0.5, -0.5], [columns - 0.5, rows - 0.5]]))
    (left, top), (right, bottom) = corners + np.array(shift_px)
    shown = _inside(picture, low - margin - shift_px, high + margin - shift_px)
    black, white = np.percentile(shown, _GREY_PERCENTILES) if shown.size else (0.0, 1.0)
    # Bone dark, as fluoroscopy shows it.
    axes.imshow(
        picture.attenuation,
        cmap="gray_r",
        vmin=black,
        vmax=white,
        extent=(left, right, bottom, top),
        interpolation="bicubic",
    )
    axes.set_xlim(max(low[0] - margin, left), min(high[0] + margin, right))
    axes.set_ylim(min(high[1] + margin, bottom), max(low[1] - margin, top))


def _inside(picture: SpinePicture, low_px: PointArray, high_px: PointArray) -> FloatImage:
    low, high = (
        np.round(picture.grid.to_working(point)).astype(int) for point in (low_px, high_px)
    )
    window = np.s_[max(low[1], 0) : max(high[1], 0), max(low[0], 0) : max(high[0], 0)]
    inside: FloatImage = picture.attenuation[window][picture.seen[window]]
    return inside


def _draw(axes: Axes, part: Part, colour: str, width: float) -> None:
    style = "-" if part.unsure is None else ":"
    axes.plot(*part.line_px.T, style, color=colour, linewidth=width)
    if part.other_px is not None:
        axes.plot(*part.other_px.T, style, color=colour, linewidth=width)
