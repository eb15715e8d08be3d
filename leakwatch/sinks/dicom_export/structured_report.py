"""TID 1500 Measurement Report (PS3.16) of a case: measurements at each alert, with their regions.

Each alert has a group for the cement contour (area, volume), one for the shortest distance to the
posterior wall, and one for each tubular filling (length), on its frame.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import highdicom.sr as sr
import numpy as np
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code
from pydicom.uid import generate_uid

from leakwatch import __version__
from leakwatch.core.arrays import PointArray
from leakwatch.core.results import Event
from leakwatch.display.banner import REASON_WORDS
from leakwatch.sinks.dicom_export.derived_objects import (
    ANY_TIME,
    CODING_SCHEME,
    MANUFACTURER,
    Series,
    own_coding_scheme,
)
from leakwatch.sinks.recording.recorded_header import ANY_DATE
from leakwatch.sinks.report.case_findings import Findings, KeyFrame

# Private codes, for concepts without a code in a public scheme; at most 16 letters.
CEMENT = Code("CEMENT", CODING_SCHEME, "Bone cement")
WALL_LINE = Code("WALL_LINE", CODING_SCHEME, "Shortest distance from cement to posterior wall")
TUBE = Code("TUBE", CODING_SCHEME, "Tubular filling with cement")
SIGMA = Code("DISTANCE_SIGMA", CODING_SCHEME, "Standard deviation of the distance")
LEVEL = Code("LEVEL", CODING_SCHEME, "Level of the alert")
REASON = Code("REASON", CODING_SCHEME, "Reason of the alert")
_MM, _MM2 = codes.UCUM.Millimeter, codes.UCUM.SquareMillimeter
_ML = Code("mL", "UCUM", "mL")


def make_structured_report(
    sources: Sequence[Dataset], findings: Findings, series: Series
) -> sr.ComprehensiveSR:
    """Return the measurement report of a case.

    Parameters
    ----------
    sources : sequence of Dataset
        Headers of the recorded files, as `Findings.parts`.
    findings : Findings
    series : Series

    Returns
    -------
    ComprehensiveSR
    """
    groups = [group for key_frame in findings.key_frames for group in _groups(sources, key_frame)]
    device = sr.DeviceObserverIdentifyingAttributes(
        uid=generate_uid(None),
        name=MANUFACTURER,
        manufacturer_name=MANUFACTURER,
        model_name=f"{MANUFACTURER} {__version__}",
    )
    observer = sr.ObserverContext(codes.DCM.Device, device)
    content = sr.MeasurementReport(
        observation_context=sr.ObservationContext(observer_device_context=observer),
        procedure_reported=codes.SCT.Fluoroscopy,
        imaging_measurements=groups,
        title=codes.DCM.ImagingMeasurementReport,
    )
    made = sr.ComprehensiveSR(
        evidence=list(sources),
        content=content[0],
        series_instance_uid=series.uid,
        series_number=series.number,
        sop_instance_uid=generate_uid(None),
        instance_number=1,
        manufacturer=MANUFACTURER,
        is_complete=True,
        series_description=series.description,
    )
    made.CodingSchemeIdentificationSequence = [own_coding_scheme()]
    _hide_date(made)
    return made


def _hide_date(made: Dataset) -> None:
    """Replace dates: highdicom writes the current one, which may be that of the procedure."""
    hidden = {"DA": ANY_DATE, "TM": ANY_TIME, "DT": ANY_DATE + ANY_TIME}
    for element in made.iterall():
        if element.VR in hidden and element.value:
            element.value = hidden[element.VR]


def _groups(
    sources: Sequence[Dataset], key_frame: KeyFrame
) -> Iterator[sr.PlanarROIMeasurementsAndQualitativeEvaluations]:
    seen = key_frame.snapshot.observation
    wall, cement = seen.wall_distance, seen.cement
    if cement is not None and cement.contours_px:
        values = _measurement(codes.SCT.Area, cement.area_mm2, _MM2)
        values += _measurement(codes.SCT.Volume, cement.volume_ml, _ML)
        outline = max(cement.contours_px, key=_extent)
        closed = np.vstack([outline, outline[:1]])
        yield _group(sources, key_frame, "cement", CEMENT, closed, values)
    if wall is not None:
        shown = _shown_distance(key_frame.events)
        distance, sigma = (wall.distance_mm, wall.sigma_mm) if shown is None else shown
        values = _measurement(codes.DCM.Distance, distance, _MM)
        values += _measurement(SIGMA, sigma, _MM)
        line = np.array([wall.at_px, wall.wall_px])
        yield _group(sources, key_frame, "distance", WALL_LINE, line, values)
    for number, tube in enumerate((t for t in seen.tubes if t.confirmed), start=1):
        values = _measurement(codes.SCT.Length, tube.length_mm, _MM)
        values += _measurement(codes.SCT.Width, tube.width_mm, _MM)
        yield _group(sources, key_frame, f"tubular filling {number}", TUBE, tube.path_px, values)


def _group(
    sources: Sequence[Dataset],
    key_frame: KeyFrame,
    what: str,
    finding: Code,
    points_px: PointArray,
    measurements: list[sr.Measurement],
) -> sr.PlanarROIMeasurementsAndQualitativeEvaluations:
    source = sources[key_frame.reference.part]
    region = sr.ImageRegion(
        sr.GraphicTypeValues.POLYLINE,
        # Pixel centres are at integers here, at halves in PS3.3 C.18.6.1.2.
        np.clip(points_px + 0.5, 0.0, [source.Columns, source.Rows]),
        sr.SourceImageForRegion(
            source.SOPClassUID, source.SOPInstanceUID, [key_frame.reference.number]
        ),
    )
    last = key_frame.events[-1]
    return sr.PlanarROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(
            generate_uid(None), f"alert {key_frame.number} at {last.time_s:.2f} s: {what}"
        ),
        referenced_region=region,
        finding_type=finding,
        algorithm_id=sr.AlgorithmIdentification(MANUFACTURER, __version__),
        finding_sites=[sr.FindingSite(codes.SCT.Vertebra)],
        measurements=measurements,
        qualitative_evaluations=_evaluations(key_frame.events),
    )


def _evaluations(events: Sequence[Event]) -> list[sr.QualitativeEvaluation]:
    found = []
    level = events[-1].level
    if level is not None:
        value = Code(f"LEVEL_{level.value}", CODING_SCHEME, level.value)
        found.append(sr.QualitativeEvaluation(LEVEL, value))
    for event in events:
        if event.reason is not None:
            meaning = str(REASON_WORDS[event.reason])
            value = Code(event.reason.value.upper()[:16], CODING_SCHEME, meaning)
            found.append(sr.QualitativeEvaluation(REASON, value))
    return found


def _measurement(name: Code, value: float | None, unit: Code) -> list[sr.Measurement]:
    """Return a measurement, or none if `value` is unknown."""
    return [] if value is None else [sr.Measurement(name, round(value, 3), unit)]


def _shown_distance(events: Sequence[Event]) -> tuple[float, float | None] | None:
    """Return the distance that was shown at the time, if there was one."""
    known = [event for event in events if event.distance_mm is not None]
    if not known or known[-1].distance_mm is None:
        return None
    return known[-1].distance_mm, known[-1].distance_sigma_mm


def _extent(contour: PointArray) -> float:
    """Return the area within a contour, by Gauss's formula."""
    column, row = contour.T
    return float(abs(np.dot(column, np.roll(row, 1)) - np.dot(row, np.roll(column, 1))) / 2.0)
