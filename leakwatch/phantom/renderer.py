"""Frames of a scene: what moved is shifted, the beam goes through, the detector answers."""

from __future__ import annotations

import numpy as np

from leakwatch.model import Point
from leakwatch.phantom.beam import Beam, make_beam, transmission
from leakwatch.phantom.brightness import (
    BrightnessControl,
    Jump,
    measured,
    next_exposure,
    unseen_factors,
)
from leakwatch.phantom.cannula import chords_mm
from leakwatch.phantom.carm import CArm, Image
from leakwatch.phantom.cement_images import CementImages, close_up, pasted, project_cement
from leakwatch.phantom.detector import (
    Detector,
    Pixels,
    absorb,
    add_scatter,
    stored,
    with_lag,
)
from leakwatch.phantom.layers import project_layers, shifted
from leakwatch.phantom.motion import Track
from leakwatch.phantom.scenario import Scenario
from leakwatch.phantom.scene import (
    EXPOSURE_STREAM,
    QUANTA_STREAM,
    Movement,
    Scene,
    make_distortion,
    stream,
)
from leakwatch.phantom.shutter import open_field


class Renderer:
    """Makes the frames of one scene, in order.

    Parameters
    ----------
    scenario : Scenario
    scene : Scene
    carm : CArm
        With a margin that holds all movement.
    movement : Movement
    times_s : ndarray
        ``(n,)``.
    """

    def __init__(
        self, scenario: Scenario, scene: Scene, carm: CArm, movement: Movement, times_s: Track
    ) -> None:
        self._scenario, self._scene, self._carm = scenario, scene, carm
        self._movement = movement
        self._layers = project_layers(scene.anatomy, carm)
        self._beam = beam_of(scenario)
        self._distortion = make_distortion(scenario)
        self._detector = detector_of(scenario)
        self._control = control_of(scenario)
        self._factors = unseen_factors(self._control, times_s, stream(scenario, EXPOSURE_STREAM))
        self._rng = stream(scenario, QUANTA_STREAM)
        self._field = open_field(scenario.detector.shutter, carm.rows, carm.columns)
        self._close_up = close_up(carm, scene.flow)
        self._dt_s = 1.0 / scenario.sequence.fps
        self._exposure: float | None = None
        self._before: Image | None = None
        self._cement: tuple[float, CementImages] | None = None
        self._chords: tuple[tuple[float, float], tuple[Image, Image]] | None = None

    @property
    def close_up(self) -> CArm:
        """The view of the pictures of cement."""
        return self._close_up

    def cement(self, injected_ml: float) -> CementImages:
        """Projected cement for an injected volume; the last answer is kept."""
        if self._cement is None or self._cement[0] != injected_ml:
            scene = self._scene
            images = project_cement(scene.flow, injected_ml, self._close_up, scene.inside_body)
            self._cement = (injected_ml, images)
        return self._cement[1]

    def frame(self, index: int, cement: CementImages, flowing: bool) -> Pixels:
        """Stored pixels of frame `index`; to be called for every frame in order.

        Parameters
        ----------
        index : int
        cement : CementImages
        flowing : bool
            Whether the injection has begun.
        """
        signal = self._signal(index, cement, flowing)
        if self._exposure is None:
            self._exposure = self._scenario.pixels.set_value / measured(signal)
        exposed = signal * (self._exposure * self._factors[index])
        detector = self._detector
        quanta = absorb(
            exposed, detector.quanta_per_pixel / detector.set_value, detector, self._rng
        )
        value = with_lag(quanta, self._before, detector)
        self._before = value
        self._exposure = next_exposure(
            self._control, self._exposure, measured(value), detector.set_value, self._dt_s
        )
        return stored(value, self._field, detector)

    def _signal(self, index: int, cement: CementImages, flowing: bool) -> Image:
        """What falls on the detector, without noise, for an exposure of 1."""
        movement = self._movement
        spine = _point(movement.spine_px[index])
        parts = (
            (self._layers.spine, spine),
            (self._layers.wall, _point(movement.wall_px[index])),
            (self._layers.organs, _point(movement.organs_px[index])),
        )
        carm = self._carm
        shape = carm.size_px[::-1]
        filling = pasted(cement.total, cement.margin_px, carm.margin_px, shape)
        steel, nothing = np.zeros(shape), np.zeros((carm.rows, carm.columns))
        if self._scenario.cannula.present:
            steel, bore = self._cannula(index)
            if self._scenario.cannula.filled and flowing:
                filling = filling + bore
        lengths = {
            "soft": sum((shifted(part.soft, by, carm) for part, by in parts), nothing),
            "bone": sum((shifted(part.bone, by, carm) for part, by in parts), nothing),
            "cement": shifted(filling, spine, carm),
            "steel": shifted(steel, spine, carm),
        }
        # Cubic interpolation swings a little beyond sharp edges; no length is below zero.
        primary = transmission(
            self._beam, {name: np.maximum(image, 0.0) for name, image in lengths.items()}
        )
        primary = self._distortion.picture(primary)
        return add_scatter(primary, self._field, self._detector, carm.pitch_mm)

    def _cannula(self, index: int) -> tuple[Image, Image]:
        pose = (float(self._movement.turn_deg[index]), float(self._movement.withdraw_mm[index]))
        if self._chords is None or self._chords[0] != pose:
            moved = self._scene.cannula.moved(self._scene.pivot_mm, *pose)
            self._chords = (pose, chords_mm(moved, self._carm))
        return self._chords[1]


def _point(shift: Track) -> Point:
    return float(shift[0]), float(shift[1])


def beam_of(scenario: Scenario) -> Beam:
    """The beam of a scenario."""
    section = scenario.beam
    return make_beam(
        section.kvp,
        section.copper_mm,
        section.aluminium_mm,
        scenario.injection.barium_sulphate_share,
    )


def detector_of(scenario: Scenario) -> Detector:
    """The detector of a scenario, its lengths in pixels."""
    section, pixels, pitch = scenario.detector, scenario.pixels, scenario.carm.pitch_mm
    return Detector(
        scatter_share=section.scatter_share,
        glare_share=section.glare_share,
        blur_px=section.blur_mm / pitch,
        quanta_per_pixel=section.quanta_per_mm2 * pitch**2,
        electronic_quanta=section.electronic_quanta,
        lag=section.lag,
        bits=pixels.bits,
        relationship=pixels.relationship,
        inverted=pixels.inverted,
        set_value=pixels.set_value,
    )


def control_of(scenario: Scenario) -> BrightnessControl:
    """The brightness control of a scenario."""
    section = scenario.brightness
    return BrightnessControl(
        section.enabled,
        section.response_s,
        section.dead_band,
        section.step,
        section.drift_per_s,
        [Jump(jump.at_s, jump.factor) for jump in section.jumps],
    )
