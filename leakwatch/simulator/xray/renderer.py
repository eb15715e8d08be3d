"""Rendering of the frames of a scene: motion, beam and detector."""

from __future__ import annotations

import math

import numpy as np

from leakwatch.core.arrays import Point
from leakwatch.simulator.anatomy.carm import CArm, Image
from leakwatch.simulator.cement.cement_images import CementImages, paste_close_up, project_cement
from leakwatch.simulator.scenario.scenario import Scenario
from leakwatch.simulator.scenario.shutter import open_field
from leakwatch.simulator.scene.poses import Pose
from leakwatch.simulator.scene.scene import (
    EXPOSURE_STREAM,
    QUANTA_STREAM,
    Movement,
    Scene,
    make_distortion,
    stream,
)
from leakwatch.simulator.scene.scene_motion import Track
from leakwatch.simulator.scene.steel_cannula import chords_mm
from leakwatch.simulator.xray.beam import Beam, make_beam, transmission, with_cement_of
from leakwatch.simulator.xray.blades import open_between_blades, open_spans
from leakwatch.simulator.xray.brightness import (
    BrightnessControl,
    Jump,
    measured,
    nearest_exposure,
    next_exposure,
    output_factors,
)
from leakwatch.simulator.xray.burnt_in_text import annotation, draw_annotation
from leakwatch.simulator.xray.patient_layers import shift_layer
from leakwatch.simulator.xray.views import SceneView, SceneViews
from leakwatch.simulator.xray.xray_detector import (
    Detector,
    Pixels,
    absorb,
    add_lag,
    add_scatter,
    to_stored,
)


class Renderer:
    """Renderer of the frames of one scene, in order.

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
        self._movement, self._times_s = movement, times_s
        self._views = SceneViews(scene, carm)
        self._beam = beam_for(scenario)
        self._distortion = make_distortion(scenario)
        self._detector = detector_for(scenario)
        self._control = brightness_control_for(scenario)
        self._factors = output_factors(self._control, times_s, stream(scenario, EXPOSURE_STREAM))
        self._rng = stream(scenario, QUANTA_STREAM)
        self._field = open_field(scenario.detector.shutter, carm.rows, carm.columns)
        self._dt_s = 1.0 / scenario.sequence.fps
        self._exposures: tuple[float, float] | None = None
        self._before: tuple[float, Image] | None = None
        self._cement: tuple[tuple[float, Pose], CementImages] | None = None
        self._chords: tuple[tuple[float, float, Pose], tuple[Image, Image]] | None = None

    def view(self, index: int) -> SceneView:
        """Return the view of the scene in frame `index`."""
        return self._views.at(self._movement.poses[index])

    def cement(self, index: int, injected_ml: float) -> CementImages:
        """Return projected cement in frame `index` for an injected volume, with a cache of one."""
        view, scene = self.view(index), self._scene
        what = (injected_ml, view.pose)
        if self._cement is None or self._cement[0] != what:
            images = project_cement(scene.flow, injected_ml, view.close_up, scene.inside_body)
            self._cement = (what, images)
        return self._cement[1]

    def frame(self, index: int, cement: CementImages, flowing: bool) -> Pixels:
        """Return stored pixels of frame `index`; call it for every exposed frame in order.

        Parameters
        ----------
        index : int
        cement : CementImages
        flowing : bool
            Whether the injection has begun.
        """
        scenario, detector, time_s = self._scenario, self._detector, float(self._times_s[index])
        field = self._open(time_s)
        signal = self._signal(index, cement, flowing, field)
        if self._exposures is None:
            start = scenario.pixels.set_value / measured(signal)
            self._exposures = start, start
        first, wished = self._exposures
        given = nearest_exposure(self._control, wished, first)
        exposed = signal * (given * self._factors[index])
        quanta = absorb(
            exposed, detector.quanta_per_pixel / detector.set_value, detector, self._rng
        )
        value = self._lagging(quanta, time_s)
        wished = next_exposure(
            self._control, wished, measured(value), detector.set_value, self._dt_s, first
        )
        self._exposures = first, wished
        picture = to_stored(value, field, detector)
        if scenario.burnt_in_text:
            text = annotation(scenario.beam.kvp, time_s)
            picture = draw_annotation(picture, text, detector)
        return picture

    def cement_shown(self, index: int, cement: CementImages) -> Image:
        """Return the visible thickness of cement in frame `index`, mm; 0 outside the field."""
        view = self.view(index)
        shape = view.carm.size_px[::-1]
        filling = paste_close_up(cement.total, cement.margin_px, view.carm.margin_px, shape)
        moved = shift_layer(filling, _point(self._movement.spine_px[index]), view.carm)
        field = self._open(float(self._times_s[index]))
        return self._distortion.picture(moved) * (field > 0.0)

    def _open(self, time_s: float) -> Image:
        """Return the share of each pixel that shutter and blades leave open."""
        shares = open_spans(self._scenario.collimation, time_s)
        return self._field * open_between_blades(shares, self._carm.rows, self._carm.columns)

    def _lagging(self, quanta: Image, time_s: float) -> Image:
        """Add the lag of the previous frame, which decreases with time."""
        if self._before is None:
            value = add_lag(quanta, None, self._detector)
        else:
            at_s, before = self._before
            pulses = round((time_s - at_s) / self._dt_s, 6)
            value = add_lag(quanta, before, self._detector, pulses)
        self._before = time_s, value
        return value

    def _signal(self, index: int, cement: CementImages, flowing: bool, field: Image) -> Image:
        """Return the signal at the detector, without noise, for an exposure of 1."""
        movement, view = self._movement, self.view(index)
        layers, spine = self._views.layers(view.pose), _point(movement.spine_px[index])
        parts = (
            (layers.spine, spine),
            (layers.wall, _point(movement.wall_px[index])),
            (layers.organs, _point(movement.organs_px[index])),
        )
        carm = view.carm
        shape = carm.size_px[::-1]
        filling = paste_close_up(cement.total, cement.margin_px, carm.margin_px, shape)
        steel, nothing = np.zeros(shape), np.zeros((carm.rows, carm.columns))
        if self._scenario.cannula.present:
            steel, bore = self._cannula(index)
            if self._scenario.cannula.filled and flowing:
                filling = filling + bore
        lengths = {
            "soft": sum((shift_layer(part.soft, by, carm) for part, by in parts), nothing),
            "bone": sum((shift_layer(part.bone, by, carm) for part, by in parts), nothing),
            "cement": shift_layer(filling, spine, carm),
            "steel": shift_layer(steel, spine, carm),
        }
        # Cubic interpolation swings a little beyond sharp edges; no length is below zero.
        primary = transmission(
            self._beam, {name: np.maximum(image, 0.0) for name, image in lengths.items()}
        )
        primary = self._distortion.picture(primary)
        return add_scatter(primary, field, self._detector, carm.pitch_mm, self._field)

    def _cannula(self, index: int) -> tuple[Image, Image]:
        movement, view = self._movement, self.view(index)
        turn, withdraw = float(movement.turn_deg[index]), float(movement.withdraw_mm[index])
        what = (turn, withdraw, view.pose)
        if self._chords is None or self._chords[0] != what:
            moved = self._scene.cannula.moved(self._scene.pivot_mm, turn, withdraw)
            self._chords = (what, chords_mm(moved, view.carm))
        return self._chords[1]


def _point(shift: Track) -> Point:
    return float(shift[0]), float(shift[1])


def beam_for(scenario: Scenario) -> Beam:
    """Return the beam of a scenario."""
    section, look = scenario.beam, scenario.cement_look
    beam = make_beam(
        section.kvp,
        section.copper_mm,
        section.aluminium_mm,
        scenario.injection.barium_sulphate_share,
    )
    if look is None or look.attenuation_per_mm is None:
        return beam
    return with_cement_of(beam, look.attenuation_per_mm)


def detector_for(scenario: Scenario) -> Detector:
    """Return the detector of a scenario, with lengths in pixels."""
    section, pixels, pitch = scenario.detector, scenario.pixels, scenario.carm.pitch_mm
    lag = section.lag
    if section.lag_time_s is not None:
        lag = math.exp(-1.0 / (scenario.sequence.fps * section.lag_time_s))
    return Detector(
        scatter_share=section.scatter_share,
        glare_share=section.glare_share,
        blur_px=section.blur_mm / pitch,
        quanta_per_pixel=section.quanta_per_mm2 * pitch**2,
        electronic_quanta=section.electronic_quanta,
        lag=lag,
        bits=pixels.bits,
        relationship=pixels.relationship,
        inverted=pixels.inverted,
        set_value=pixels.set_value,
    )


def brightness_control_for(scenario: Scenario) -> BrightnessControl:
    """Return the brightness control of a scenario."""
    section = scenario.brightness
    return BrightnessControl(
        section.enabled,
        section.response_s,
        section.dead_band,
        section.step,
        section.drift_per_s,
        [Jump(jump.at_s, jump.factor) for jump in section.jumps],
        section.gain,
    )
