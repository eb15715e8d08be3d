"""XA/XRF Grayscale Softcopy Presentation State (PS3.3 A.33.5): one for each alert.

A viewer shows the recorded frame with the cement's outline, the posterior wall, the shortest line
with its millimetres, and the words of the alert. All modules are those of a plain Grayscale
Softcopy Presentation State (A.33.1); what XA adds (subtraction, edge enhancement) is not used.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from pydicom.dataset import Dataset, FileDataset
from pydicom.uid import XAXRFGrayscaleSoftcopyPresentationStateStorage

from leakwatch.core.arrays import Point, PointArray
from leakwatch.core.results import Observation
from leakwatch.display.banner import REASON_WORDS, distance_text
from leakwatch.display.grey_mapping import GreyMapping
from leakwatch.sinks.dicom_export.derived_objects import Series, derived, referenced, series_of
from leakwatch.sinks.report.case_findings import Moment

# Layers by their names, and their greys for a screen without colour (PS3.3 C.10.7), of 65535.
_LAYERS = {"CEMENT": 65535, "WALL": 50000, "DISTANCE": 65535, "TUBE": 60000, "WORDS": 65535}
# Room of a text, as shares of the frame's columns and rows.
_TEXT_WIDTH, _TEXT_HEIGHT = 0.4, 0.06


def presentation_state(
    source: Dataset, moment: Moment, greys: GreyMapping, series: Series
) -> FileDataset:
    """The alert `moment` over its frame.

    Parameters
    ----------
    source : Dataset
        Head of the recorded file that holds the frame.
    moment : Moment
    greys : GreyMapping
        Of the report.
    series : Series

    Returns
    -------
    FileDataset
    """
    sop_class = XAXRFGrayscaleSoftcopyPresentationStateStorage
    made = derived(source, sop_class, series, moment.number)
    made.ContentLabel = f"ALERT_{moment.number}"
    made.ContentDescription = _words(moment)[0][:64]
    made.ContentCreatorName = ""
    made.BodyPartExamined = source.get("BodyPartExamined", "SPINE")
    made.PresentationCreationDate = made.ContentDate
    made.PresentationCreationTime = made.ContentTime
    del made.ContentDate, made.ContentTime
    frame = referenced(source, moment.place.number)
    used = series_of(source)
    used.ReferencedImageSequence = [frame]
    made.ReferencedSeriesSequence = [used]
    made.DisplayedAreaSelectionSequence = [_whole_picture(source, frame)]
    made.SoftcopyVOILUTSequence = [_greys(moment, greys, frame)]
    made.PresentationLUTShape = "IDENTITY"
    annotations = list(_annotations(moment, source.Rows, source.Columns))
    for annotation in annotations:
        annotation.ReferencedImageSequence = [frame]
    made.GraphicAnnotationSequence = annotations
    used_layers = {annotation.GraphicLayer for annotation in annotations}
    names = [name for name in _LAYERS if name in used_layers]
    made.GraphicLayerSequence = [_layer(name, order) for order, name in enumerate(names, start=1)]
    return made


def _whole_picture(source: Dataset, frame: Dataset) -> Dataset:
    area = Dataset()
    area.ReferencedImageSequence = [frame]
    area.DisplayedAreaTopLeftHandCorner = [1, 1]
    area.DisplayedAreaBottomRightHandCorner = [source.Columns, source.Rows]
    area.PresentationSizeMode = "SCALE TO FIT"
    area.PresentationPixelAspectRatio = [1, 1]
    return area


def _greys(moment: Moment, greys: GreyMapping, frame: Dataset) -> Dataset:
    """The greys of the report as a table: of linear pixels they are those of the logarithm.

    No window beside it, though PS3.3 C.11.8 allows one: dcmtk refuses a state that has both.
    """
    table = greys.table
    lut = Dataset()
    lut.add_new("LUTDescriptor", "US", [len(table) % 65536, 0, 16])
    lut.LUTExplanation = f"Greys of the report, frame {moment.snapshot.frame.index}"
    lut.add_new("LUTData", "OW", (table.astype("<u2") * 257).tobytes())  # 255 becomes 65535
    item = Dataset()
    item.ReferencedImageSequence = [frame]
    item.VOILUTSequence = [lut]
    return item


def _layer(name: str, order: int) -> Dataset:
    layer = Dataset()
    layer.GraphicLayer, layer.GraphicLayerOrder = name, order
    layer.GraphicLayerRecommendedDisplayGrayscaleValue = _LAYERS[name]
    return layer


def _annotations(moment: Moment, rows: int, columns: int) -> Iterator[Dataset]:
    seen = moment.snapshot.observation
    if seen.cement is not None and seen.cement.contours_px:
        yield _annotation("CEMENT", [_polyline(c, True) for c in seen.cement.contours_px])
    if seen.wall_px is not None:
        yield _annotation("WALL", [_polyline(seen.wall_px)])
    tubes = [_polyline(tube.path_px) for tube in seen.tubes if tube.confirmed]
    if tubes:
        yield _annotation("TUBE", tubes)
    yield from _distance(seen, rows, columns)
    words = _annotation("WORDS", [])
    words.TextObjectSequence = [_text("\r\n".join(_words(moment)), (0.0, 0.0), rows, columns, 3)]
    yield words


def _distance(seen: Observation, rows: int, columns: int) -> Iterator[Dataset]:
    wall = seen.wall_distance
    if wall is None:
        return
    line = _annotation("DISTANCE", [_polyline(np.array([wall.at_px, wall.wall_px]))])
    at = ((wall.at_px[0] + wall.wall_px[0]) / 2.0, wall.at_px[1] - 2.0 * _TEXT_HEIGHT * rows)
    text = distance_text(wall)
    if text is not None:
        line.TextObjectSequence = [_text(text, at, rows, columns)]
    yield line


def _annotation(layer: str, graphics: Sequence[Dataset]) -> Dataset:
    annotation = Dataset()
    annotation.GraphicLayer = layer
    if graphics:
        annotation.GraphicObjectSequence = list(graphics)
    return annotation


def _polyline(points_px: PointArray, closed: bool = False) -> Dataset:
    """Our pixel centres are at integers, those of PS3.3 C.10.5.1.2 at halves."""
    points = np.vstack([points_px, points_px[:1]]) if closed else points_px
    graphic = Dataset()
    graphic.GraphicAnnotationUnits = "PIXEL"
    graphic.GraphicDimensions = 2
    graphic.NumberOfGraphicPoints = len(points)
    graphic.GraphicData = (points + 0.5).astype(float).ravel().round(2).tolist()
    graphic.GraphicType = "POLYLINE"
    graphic.GraphicFilled = "N"
    return graphic


def _text(words: str, at_px: Point, rows: int, columns: int, lines: int = 1) -> Dataset:
    left = float(np.clip(at_px[0] + 0.5, 0.0, columns * (1.0 - _TEXT_WIDTH)))
    top = float(np.clip(at_px[1] + 0.5, 0.0, rows * (1.0 - lines * _TEXT_HEIGHT)))
    text = Dataset()
    text.BoundingBoxAnnotationUnits = "PIXEL"
    text.UnformattedTextValue = words
    text.BoundingBoxTopLeftHandCorner = [round(left, 2), round(top, 2)]
    text.BoundingBoxBottomRightHandCorner = [
        round(left + columns * _TEXT_WIDTH, 2),
        round(top + rows * _TEXT_HEIGHT * lines, 2),
    ]
    text.BoundingBoxTextHorizontalJustification = "LEFT"
    return text


def _words(moment: Moment) -> list[str]:
    """Level and reasons, as they were told."""
    last = moment.events[-1]
    reasons = [REASON_WORDS[e.reason] for e in moment.events if e.reason is not None]
    level = "" if last.level is None else last.level.value
    return [f"{level} at {last.time_s:.2f} s", *reasons]
