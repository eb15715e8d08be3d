"""TID 1500 Measurement Report (PS3.16) of a case: measurements at each alert, with their regions.

Each alert has a group for the cement contour (area, volume), one for the shortest distance to the
posterior wall, and one for each tubular filling (length), on its frame. Its site is the vertebra.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import highdicom.sr as sr
import numpy as np
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code
from pydicom.uid import generate_uid

from leakwatch import __version__
from leakwatch.core.arrays import PointArray
from leakwatch.display.banner import REASON_WORDS
from leakwatch.display.quantities import FINEST_ML, FINEST_MM, FINEST_MM2, round_to_uncertainty
from leakwatch.sinks.dicom_export.derived_objects import (
    ANY_TIME,
    CODING_SCHEME,
    MANUFACTURER,
    Series,
    own_coding_scheme,
)
from leakwatch.sinks.dicom_export.vertebra_codes import vertebra_code
from leakwatch.sinks.recording.recorded_header import ANY_DATE
from leakwatch.sinks.report.case_findings import Findings, KeyFrame

# Private codes, for concepts without a code in a public scheme; at most 16 letters.
CEMENT = Code("CEMENT", CODING_SCHEME, "Bone cement")
WALL_LINE = Code("WALL_LINE", CODING_SCHEME, "Shortest distance from cement to posterior wall")
TUBE = Code("TUBE", CODING_SCHEME, "Tubular filling with cement")
LEVEL = Code("LEVEL", CODING_SCHEME, "Level of the alert")
REASON = Code("REASON", CODING_SCHEME, "Reason of the alert")
_MM, _MM2 = codes.UCUM.Millimeter, codes.UCUM.SquareMillimeter
_ML = Code("mL", "UCUM", "mL")

# One of the groups of template 1500: with a region in the frame, or without.
_Group = (
    sr.PlanarROIMeasurementsAndQualitativeEvaluations | sr.MeasurementsAndQualitativeEvaluations
)


@dataclass(frozen=True, slots=True)
class _Alert:
    """Data that every group of an alert refers to."""

    source: Dataset
    key_frame: KeyFrame
    site: Code


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
    site = vertebra_code(findings.marks.vertebra)
    groups = [
        group
        for key_frame in findings.key_frames
        for group in _groups(_Alert(sources[key_frame.reference.part], key_frame, site))
    ]
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


def _groups(alert: _Alert) -> Iterator[_Group]:
    shown = alert.key_frame.shown
    seen = shown.observation
    wall, cement = seen.wall_distance, seen.cement
    if cement is not None and (cement.contours_px or (cement.area_mm2 and not shown.agrees)):
        values = _measurement(codes.SCT.Area, cement.area_mm2, None, _MM2, FINEST_MM2)
        sigma_ml = cement.volume.sigma_ml
        values += _measurement(codes.SCT.Volume, cement.volume_ml, sigma_ml, _ML, FINEST_ML)
        closed = None
        if cement.contours_px:
            outline = max(cement.contours_px, key=_extent)
            closed = np.vstack([outline, outline[:1]])
        yield _group(alert, "cement", CEMENT, closed, values)
    if wall is not None:
        values = _measurement(codes.DCM.Distance, wall.distance_mm, wall.sigma_mm, _MM, FINEST_MM)
        line = np.array([wall.at_px, wall.wall_px]) if shown.agrees else None
        yield _group(alert, "distance", WALL_LINE, line, values)
    for number, tube in enumerate((t for t in seen.tubes if t.confirmed), start=1):
        values = _measurement(codes.SCT.Length, tube.length_mm, None, _MM, FINEST_MM)
        values += _measurement(codes.SCT.Width, tube.width_mm, None, _MM, FINEST_MM)
        path = tube.path_px if shown.agrees else None
        yield _group(alert, f"tubular filling {number}", TUBE, path, values)


def _group(
    alert: _Alert,
    what: str,
    finding: Code,
    points_px: PointArray | None,
    measurements: list[sr.Measurement],
) -> _Group:
    """Return the measurements of a finding, on the frame, with its region if there is one."""
    source, key_frame = alert.source, alert.key_frame
    time_s, number = key_frame.events[-1].time_s, key_frame.reference.number
    told: dict[str, Any] = {
        "tracking_identifier": sr.TrackingIdentifier(
            generate_uid(None), f"alert {key_frame.number} at {time_s:.2f} s: {what}"
        ),
        "finding_type": finding,
        "algorithm_id": sr.AlgorithmIdentification(MANUFACTURER, __version__),
        "finding_sites": [sr.FindingSite(alert.site)],
        "measurements": measurements,
        "qualitative_evaluations": _evaluations(key_frame),
    }
    if points_px is None:
        frame = sr.SourceImageForMeasurementGroup(
            source.SOPClassUID, source.SOPInstanceUID, [number]
        )
        return sr.MeasurementsAndQualitativeEvaluations(source_images=[frame], **told)
    region = sr.ImageRegion(
        sr.GraphicTypeValues.POLYLINE,
        # Pixel centres are at integers here, at halves in PS3.3 C.18.6.1.2.
        np.clip(points_px + 0.5, 0.0, [source.Columns, source.Rows]),
        sr.SourceImageForRegion(source.SOPClassUID, source.SOPInstanceUID, [number]),
    )
    return sr.PlanarROIMeasurementsAndQualitativeEvaluations(referenced_region=region, **told)


def _evaluations(key_frame: KeyFrame) -> list[sr.QualitativeEvaluation]:
    """Return level and all reasons, as they were shown."""
    alert = key_frame.snapshot.alert
    level = Code(f"LEVEL_{alert.level.value}", CODING_SCHEME, alert.level.value)
    found = [sr.QualitativeEvaluation(LEVEL, level)]
    for reason in alert.reasons:
        value = Code(reason.value.upper()[:16], CODING_SCHEME, str(REASON_WORDS[reason]))
        found.append(sr.QualitativeEvaluation(REASON, value))
    return found


def _measurement(
    name: Code, value: float | None, sigma: float | None, unit: Code, finest: float
) -> list[sr.Measurement]:
    """Return a measurement with the digits that it allows, or none if `value` is unknown."""
    if value is None:
        return []
    rounded, spread = round_to_uncertainty(value, sigma, finest)
    properties = None if spread is None else _uncertainty(spread, unit)
    return [sr.Measurement(name, rounded, unit, properties=properties)]


def _uncertainty(sigma: float, unit: Code) -> sr.MeasurementProperties:
    """Return one standard deviation to each side (PS3.16 template 310, context group 225)."""
    properties = sr.MeasurementProperties(
        upper_measurement_uncertainty=sigma, lower_measurement_uncertainty=sigma
    )
    # highdicom writes "no units", which would be a share of the value.
    for item in properties:
        item.MeasuredValueSequence[0].MeasurementUnitsCodeSequence = [
            sr.CodedConcept(unit.value, unit.scheme_designator, unit.meaning)
        ]
    return properties


def _extent(contour: PointArray) -> float:
    """Return the area within a contour, by Gauss's formula."""
    column, row = contour.T
    return float(abs(np.dot(column, np.roll(row, 1)) - np.dot(row, np.roll(column, 1))) / 2.0)
