"""Images of a calibration plate on the detector, with wires or beads at equal distances."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
import numpy.typing as npt

from leakwatch.core.arrays import PointArray, read_only
from leakwatch.core.marks import CaseFile, Marks
from leakwatch.core.truth import Truth, TruthFrame
from leakwatch.simulator.scenario.scenario import Scenario
from leakwatch.simulator.scenario.shutter import open_field
from leakwatch.simulator.scene.poses import REFERENCE
from leakwatch.simulator.scene.scene import QUANTA_STREAM, make_carm, make_distortion, stream
from leakwatch.simulator.sequence.simulation import Simulation
from leakwatch.simulator.xray.beam import transmission
from leakwatch.simulator.xray.renderer import beam_for, detector_for
from leakwatch.simulator.xray.xray_detector import absorb, add_scatter, to_stored

Image = npt.NDArray[np.float64]

# Samples of a pixel along each axis: a wire is a pixel or two wide.
_OVERSAMPLING = 4
_MM_OF_PLASTIC = 10.0  # that holds the metal
_FRAMES = 4


class PlateKind(StrEnum):
    """Kind of grid."""

    WIRES = "wires"
    BEADS = "beads"


@dataclass(frozen=True, slots=True)
class GridPlate:
    """A plate on the detector.

    Parameters
    ----------
    pitch_mm : float
        Between neighbouring wires or beads.
    kind : PlateKind
    metal_mm : float
        Diameter of a wire or bead, steel.
    turned_deg : float
        About its middle.
    shifted_mm : tuple of float
        Its middle from that of the detector, along columns and rows.
    """

    pitch_mm: float = 10.0
    kind: PlateKind = PlateKind.WIRES
    metal_mm: float = 1.0
    turned_deg: float = 2.0
    shifted_mm: tuple[float, float] = (1.7, -2.3)

    def to_plate_mm(self, at_mm: PointArray) -> PointArray:
        """Convert positions on the detector, mm from its centre, to the plate's axes."""
        angle = np.radians(self.turned_deg)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        inside: PointArray = (at_mm - np.array(self.shifted_mm)) @ turn
        return inside

    def crossings_mm(self, half_mm: float) -> PointArray:
        """Return crossings on the detector up to `half_mm` from its centre, ``(n, 2)``."""
        steps = np.arange(-np.ceil(2 * half_mm / self.pitch_mm), 2 * half_mm / self.pitch_mm + 1)
        across, down = np.meshgrid(steps, steps)
        places = self.pitch_mm * np.stack([across.ravel(), down.ravel()], axis=1)
        angle = np.radians(self.turned_deg)
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        on_detector: PointArray = places @ turn + np.array(self.shifted_mm)
        return on_detector[np.all(np.abs(on_detector) <= half_mm, axis=1)]


def render_plate(scenario: Scenario, plate: GridPlate) -> Simulation:
    """Render some frames of a plate without a patient, with the C-arm of a scenario.

    Parameters
    ----------
    scenario : Scenario
        For its C-arm, beam, detector and pixels.
    plate : GridPlate
    """
    carm, detector = make_carm(scenario), detector_for(scenario)
    distortion = make_distortion(scenario)
    field = open_field(scenario.detector.shutter, carm.rows, carm.columns)
    nothing = np.zeros((carm.rows, carm.columns))
    lengths = {
        "soft": nothing + _MM_OF_PLASTIC,
        "bone": nothing,
        "cement": nothing,
        "steel": steel_mm(plate, carm.rows, carm.columns, carm.pitch_mm),
    }
    primary = distortion.picture(transmission(beam_for(scenario), lengths))
    signal = add_scatter(primary, field, detector, carm.pitch_mm)
    bright = detector.set_value / float(np.median(signal[field > 0]))
    rng = stream(scenario, QUANTA_STREAM)
    frames = [
        to_stored(
            absorb(signal * bright, detector.quanta_per_pixel / detector.set_value, detector, rng),
            field,
            detector,
        )
        for _ in range(_FRAMES)
    ]
    times_s = np.arange(_FRAMES) / scenario.sequence.fps
    still = TruthFrame(0.0, 0.0, 0.0, None, 0.0, 0.0)
    truth = Truth(scenario.sequence.fps, carm.mm_per_px, "none", None, None, (still,) * _FRAMES)
    case = CaseFile(f"{scenario.name}.dcm", Marks(view=scenario.carm.view))
    poses = [REFERENCE] * _FRAMES
    pictures = read_only(np.stack(frames))
    return Simulation(scenario, carm, pictures, times_s, poses, case, truth, repr(plate))


def steel_mm(plate: GridPlate, rows: int, columns: int, pitch_mm: float) -> Image:
    """Return the length of the rays in metal, ``(rows, columns)``."""
    fine = _OVERSAMPLING
    column, row = np.meshgrid(
        (np.arange(columns * fine) + 0.5) / fine - columns / 2,
        (np.arange(rows * fine) + 0.5) / fine - rows / 2,
    )
    at = plate.to_plate_mm(np.stack([column, row], axis=-1) * pitch_mm)
    off = at - plate.pitch_mm * np.round(at / plate.pitch_mm)
    radius = plate.metal_mm / 2
    if plate.kind is PlateKind.BEADS:
        length = 2 * np.sqrt(np.maximum(radius**2 - (off**2).sum(axis=-1), 0.0))
    else:
        length = (2 * np.sqrt(np.maximum(radius**2 - off**2, 0.0))).sum(axis=-1)
    mean: Image = cv2.resize(length, (columns, rows), interpolation=cv2.INTER_AREA)
    return mean
