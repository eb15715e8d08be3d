"""Rendering of the frames of a scene: motion, beam and detector."""

from __future__ import annotations

import math

import numpy as np

from leakwatch.core.arrays import Point
from leakwatch.simulator.anatomy.carm import CArm, Image
from leakwatch.simulator.cement.cement_images import CementImages, paste_close_up, project_cement
from leakwatch.simulator.scenario.scenario import Scenario
from leakwatch.simulator.scenario.scenario_cement import BoreSection
from leakwatch.simulator.scenario.shutter import open_field
from leakwatch.simulator.scene.bore import bore_share
from leakwatch.simulator.scene.patient_turn import turned_picture
from leakwatch.simulator.scene.poses import Pose
from leakwatch.simulator.scene.rods import RodPose, rod_chords_mm
from leakwatch.simulator.scene.scene import (
    EXPOSURE_STREAM,
    OBJECT_STREAM,
    QUANTA_STREAM,
    Movement,
    Scene,
    make_distortion,
    stream,
    thread_track,
)
from leakwatch.simulator.scene.scene_motion import Track
from leakwatch.simulator.scene.steel_cannula import along_mm
from leakwatch.simulator.xray.beam import (
    Beam,
    make_beam,
    transmission,
    with_cement_of,
    with_old_cement,
)
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
from leakwatch.simulator.xray.foreign_objects import ForeignObjects
from leakwatch.simulator.xray.implant_layers import ImplantLayers
from leakwatch.simulator.xray.overlays import Overlays
from leakwatch.simulator.xray.patient_layers import shift_layer
from leakwatch.simulator.xray.picture_processing import PictureProcessing
from leakwatch.simulator.xray.tube_voltage import TubeVoltage
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
        self._voltage = TubeVoltage(
            scenario.beam.kvp, scenario.kv_steps, lambda kvp: beam_for(scenario, kvp)
        )
        self._distortion = make_distortion(scenario)
        self._detector = detector_for(scenario)
        self._control = brightness_control_for(scenario)
        self._factors = output_factors(self._control, times_s, stream(scenario, EXPOSURE_STREAM))
        self._rng = stream(scenario, QUANTA_STREAM)
        self._field = open_field(scenario.detector.shutter, carm.rows, carm.columns)
        self._dt_s = 1.0 / scenario.sequence.fps
        self._exposures: tuple[float, float] | None = None
        self._before: tuple[float, Image] | None = None
        self._cement: tuple[tuple[float, float, Pose], CementImages] | None = None
        self._thread_mm = thread_track(scenario, times_s)
        self._chords: dict[int, tuple[tuple[RodPose, Pose], tuple[Image, Image]]] = {}
        self._overlays = Overlays(scenario)
        self._implants = ImplantLayers(scenario, scene.anatomy.spine)
        self._foreign = ForeignObjects(
            scenario.foreign_objects,
            times_s,
            carm.rows,
            carm.columns,
            carm.mm_per_px,
            stream(scenario, OBJECT_STREAM),
        )
        self._processing = (
            None
            if scenario.processing is None
            else PictureProcessing(scenario.processing, carm.pitch_mm, scenario.pixels.set_value)
        )

    def view(self, index: int) -> SceneView:
        """Return the view of the scene in frame `index`."""
        return self._views.at(self._movement.poses[index])

    def cement(self, index: int, injected_ml: float) -> CementImages:
        """Return projected cement in frame `index` for an injected volume, with a cache of one."""
        view, scene = self.view(index), self._scene
        what = (injected_ml, float(self._thread_mm[index]), view.pose)
        if self._cement is None or self._cement[0] != what:
            thread = None if scene.thread is None else (scene.thread, what[1])
            images = project_cement(
                scene.flow, injected_ml, view.close_up, scene.inside_body, thread
            )
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
        lengths = self._lengths(index, cement, flowing)
        signal = self._voltage.signal(time_s, lambda beam: self._exposed(beam, lengths, field))
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
        picture = self._stored(value, field, time_s)
        if scenario.burnt_in_text:
            text = annotation(self._voltage.kvp, time_s)
            picture = draw_annotation(picture, text, detector)
        return picture

    def cement_shown(self, index: int, cement: CementImages) -> Image:
        """Return the visible thickness of cement in frame `index`, mm; 0 outside the field."""
        view = self.view(index)
        shape = view.carm.size_px[::-1]
        filling = paste_close_up(cement.total, cement.margin_px, view.carm.margin_px, shape)
        moved = self._placed(filling, index, self._movement.spine_px, view.carm)
        field = self._open(float(self._times_s[index]))
        return self._distortion.picture(moved) * (field > 0.0)

    def _stored(self, value: Image, field: Image, time_s: float) -> Pixels:
        """Return stored pixels of a signal, processed where the C-arm does that."""
        if self._processing is None:
            return to_stored(value, field, self._detector)
        shown = self._processing.process(value, field, time_s / self._dt_s)
        return to_stored(shown, field, self._detector, self._processing.has_curve)

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

    def _lengths(self, index: int, cement: CementImages, flowing: bool) -> dict[str, Image]:
        """Return the lengths of the rays in each material, as they lie in the picture, mm."""
        movement, view = self._movement, self.view(index)
        layers = self._views.layers(view.pose)
        carm = view.carm
        shape = carm.size_px[::-1]
        filling = paste_close_up(cement.total, cement.margin_px, carm.margin_px, shape)
        steel, bore = self._rods(index, shape)
        if self._scenario.bore is not None:
            filling = filling + bore * self._bore_share(self._scenario.bore, index)
        elif self._scenario.cannula.filled and flowing:
            filling = filling + bore
        parts = (
            (layers.spine, movement.spine_px),
            (layers.wall, movement.wall_px),
            (layers.organs, movement.organs_px),
        )
        nothing = np.zeros((carm.rows, carm.columns))
        lengths = {
            "soft": sum((self._placed(part.soft, index, by, carm) for part, by in parts), nothing),
            "bone": sum((self._placed(part.bone, index, by, carm) for part, by in parts), nothing),
            "cement": self._placed(filling, index, movement.spine_px, carm),
            "steel": self._placed(steel, index, movement.spine_px, carm),
        }
        for material, image in self._implants.of(view).items():
            lengths[material] = self._placed(image, index, movement.spine_px, carm)
        over = self._overlays.of(view)
        if over.organs_soft is not None:
            lengths["soft"] += self._placed(over.organs_soft, index, movement.organs_px, carm)
        if over.spine_bone is not None:
            lengths["bone"] += self._placed(over.spine_bone, index, movement.spine_px, carm)
        foreign = self._foreign.at(index)
        if foreign is not None:
            lengths["soft"] += foreign.soft
            lengths["bone"] += foreign.bone
            lengths["steel"] += foreign.steel
        # Cubic interpolation swings a little beyond sharp edges; no length is below zero.
        return {name: np.maximum(image, 0.0) for name, image in lengths.items()}

    def _bore_share(self, bore: BoreSection, index: int) -> Image:
        """Return the share of the injecting cannula's bore that holds cement."""
        rod, pose = self._scene.rods[0], self._movement.rods[0].at(index)
        moved = rod.cannula.moved(rod.pivot_mm, pose.turn_deg, pose.withdraw_mm)
        along = along_mm(moved, self.view(index).carm)
        start_s = self._scenario.injection.start_s
        return bore_share(bore, start_s, float(self._times_s[index]), along)

    def _placed(self, image: Image, index: int, shifts_px: Track, carm: CArm) -> Image:
        """Return a layer as it lies in frame `index`: shifted, then turned with the patient."""
        border, shift = self._movement.border_px, _point(shifts_px[index])
        moved = shift_layer(image, shift, carm, border)
        return turned_picture(moved, float(self._movement.turn_deg[index]), border)

    def _exposed(self, beam: Beam, lengths: dict[str, Image], field: Image) -> Image:
        """Return the signal at the detector, without noise, for an exposure of 1."""
        primary = self._distortion.picture(transmission(beam, lengths))
        return add_scatter(primary, field, self._detector, self._carm.pitch_mm, self._field)

    def _rods(self, index: int, shape: tuple[int, int]) -> tuple[Image, Image]:
        """Return lengths in the steel of all cannulas, and in the bore of the injecting one."""
        scenario, steel, bore = self._scenario, np.zeros(shape), np.zeros(shape)
        sections = (scenario.cannula, scenario.second_cannula)
        for number, (rod, track) in enumerate(
            zip(self._scene.rods, self._movement.rods, strict=True)
        ):
            section = sections[number]
            if section is None or not section.present:
                continue
            what = (track.at(index), self.view(index).pose)
            known = self._chords.get(number)
            if known is None or known[0] != what:
                known = what, rod_chords_mm(rod, what[0], self.view(index).carm)
                self._chords[number] = known
            steel = steel + known[1][0]
            bore = known[1][1] if number == 0 else bore
        return steel, bore


def _point(shift: Track) -> Point:
    return float(shift[0]), float(shift[1])


def beam_for(scenario: Scenario, kvp: float | None = None) -> Beam:
    """Return the beam of a scenario, at its own tube voltage or at another."""
    beam = _beam_at(scenario, scenario.beam.kvp if kvp is None else kvp)
    look, old = scenario.cement_look, scenario.old_cement
    if old is not None:
        beam = with_old_cement(beam, old.barium_sulphate_share)
    if look is None or look.attenuation_per_mm is None:
        return beam
    return with_cement_of(beam, look.attenuation_per_mm, _beam_at(scenario, scenario.beam.kvp))


def _beam_at(scenario: Scenario, kvp: float) -> Beam:
    section, share = scenario.beam, scenario.injection.barium_sulphate_share
    return make_beam(kvp, section.copper_mm, section.aluminium_mm, share)


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
