"""XA/XRF Grayscale Softcopy Presentation State (PS3.3 A.33.5): one for each alert.

A viewer shows the recorded frame with the cement contour, the posterior wall, the shortest distance
in millimetres, and the text of the alert. All modules are those of a plain Grayscale
Softcopy Presentation State (A.33.1); additions for XA (subtraction, edge enhancement) are not used.
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
from leakwatch.sinks.dicom_export.derived_objects import (
    Series,
    make_derived,
    make_reference,
    make_series_reference,
)
from leakwatch.sinks.report.case_findings import KeyFrame
from leakwatch.sinks.report.recorded_frame import distance_of

# Layers by name, with their grey value on a monochrome display (PS3.3 C.10.7), of 65535.
_LAYERS = {"CEMENT": 65535, "WALL": 50000, "DISTANCE": 65535, "TUBE": 60000, "WORDS": 65535}
# Size of a text box, as a share of the frame's columns and rows.
_TEXT_WIDTH, _TEXT_HEIGHT = 0.4, 0.06


def make_presentation_state(
    source: Dataset, key_frame: KeyFrame, greys: GreyMapping, series: Series
) -> FileDataset:
    """Return the presentation state of an alert.

    Parameters
    ----------
    source : Dataset
        Header of the recorded file that contains the frame.
    key_frame : KeyFrame
    greys : GreyMapping
        Grey mapping of the report.
    series : Series

    Returns
    -------
    FileDataset
    """
    sop_class = XAXRFGrayscaleSoftcopyPresentationStateStorage
    made = make_derived(source, sop_class, series, key_frame.number)
    made.ContentLabel = f"ALERT_{key_frame.number}"
    made.ContentDescription = _alert_lines(key_frame)[0][:64]
    made.ContentCreatorName = ""
    made.BodyPartExamined = source.get("BodyPartExamined", "SPINE")
    made.PresentationCreationDate = made.ContentDate
    made.PresentationCreationTime = made.ContentTime
    del made.ContentDate, made.ContentTime
    frame = make_reference(source, key_frame.reference.number)
    used = make_series_reference(source)
    used.ReferencedImageSequence = [frame]
    made.ReferencedSeriesSequence = [used]
    made.DisplayedAreaSelectionSequence = [_full_image_area(source, frame)]
    made.SoftcopyVOILUTSequence = [_greys(key_frame, greys, frame)]
    made.PresentationLUTShape = "IDENTITY"
    annotations = list(_annotations(key_frame, source.Rows, source.Columns))
    for annotation in annotations:
        annotation.ReferencedImageSequence = [frame]
    made.GraphicAnnotationSequence = annotations
    used_layers = {annotation.GraphicLayer for annotation in annotations}
    names = [name for name in _LAYERS if name in used_layers]
    made.GraphicLayerSequence = [_layer(name, order) for order, name in enumerate(names, start=1)]
    return made


def _full_image_area(source: Dataset, frame: Dataset) -> Dataset:
    area = Dataset()
    area.ReferencedImageSequence = [frame]
    area.DisplayedAreaTopLeftHandCorner = [1, 1]
    area.DisplayedAreaBottomRightHandCorner = [source.Columns, source.Rows]
    area.PresentationSizeMode = "SCALE TO FIT"
    area.PresentationPixelAspectRatio = [1, 1]
    return area


def _greys(key_frame: KeyFrame, greys: GreyMapping, frame: Dataset) -> Dataset:
    """Return the grey mapping of the report as a VOI lookup table.

    Without a window, although PS3.3 C.11.8 allows one: dcmtk refuses a state that has both.
    """
    table = greys.table
    lut = Dataset()
    lut.add_new("LUTDescriptor", "US", [len(table) % 65536, 0, 16])
    lut.LUTExplanation = f"Greys of the report, frame {key_frame.snapshot.frame.index}"
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


def _annotations(key_frame: KeyFrame, rows: int, columns: int) -> Iterator[Dataset]:
    seen = key_frame.snapshot.observation
    if seen.cement is not None and seen.cement.contours_px:
        yield _annotation("CEMENT", [_polyline(c, True) for c in seen.cement.contours_px])
    if seen.wall_px is not None:
        yield _annotation("WALL", [_polyline(seen.wall_px)])
    tubes = [_polyline(tube.path_px) for tube in seen.tubes if tube.confirmed]
    if tubes:
        yield _annotation("TUBE", tubes)
    yield from _distance(seen, rows, columns)
    words = _annotation("WORDS", [])
    lines = _alert_lines(key_frame)
    words.TextObjectSequence = [
        _text("\r\n".join(lines), (0.0, 0.0), rows, columns, max(len(lines), 3))
    ]
    yield words


def _distance(seen: Observation, rows: int, columns: int) -> Iterator[Dataset]:
    wall = seen.wall_distance
    if wall is None or not np.isfinite(wall.wall_px).all():
        return
    line = _annotation("DISTANCE", [_polyline(np.array([wall.at_px, wall.wall_px]))])
    at = ((wall.at_px[0] + wall.wall_px[0]) / 2.0, wall.at_px[1] - 2.0 * _TEXT_HEIGHT * rows)
    distance = distance_text(wall)
    if distance is not None:
        line.TextObjectSequence = [_text(str(distance), at, rows, columns)]
    yield line


def _annotation(layer: str, graphics: Sequence[Dataset]) -> Dataset:
    annotation = Dataset()
    annotation.GraphicLayer = layer
    if graphics:
        annotation.GraphicObjectSequence = list(graphics)
    return annotation


def _polyline(points_px: PointArray, closed: bool = False) -> Dataset:
    """Return a polyline; pixel centres are at integers here, at halves in PS3.3 C.10.5.1.2."""
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


def _alert_lines(key_frame: KeyFrame) -> list[str]:
    """Return level, reasons and distance of the alert, as they were shown."""
    alert, distance = key_frame.snapshot.alert, distance_of(key_frame.shown)
    reasons = [str(REASON_WORDS[reason]) for reason in alert.reasons]
    last = [distance] if distance else []
    return [f"{alert.level.value} at {key_frame.events[-1].time_s:.2f} s", *reasons, *last]
