"""Cement masks of a simulated sequence, as an observer would draw them."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from PIL import Image

from leakwatch.simulator.scenario.scenario import Scenario
from leakwatch.simulator.scene.poses import is_exposed
from leakwatch.simulator.scene.scene import (
    Scene,
    frame_times_s,
    injected_ml,
    make_carm,
    make_movement,
    with_margin,
)
from leakwatch.simulator.xray.projected_truth import MIN_THICKNESS_MM
from leakwatch.simulator.xray.renderer import Renderer

Mask = npt.NDArray[np.bool_]

_CEMENT = 255  # white, so that any viewer shows it


def cement_masks(scenario: Scenario, scene: Scene) -> Iterator[tuple[int, Mask]]:
    """Yield masks of visible projected cement of at least half a millimetre.

    The same cement as in ``area_mm2`` of the truth: moved, distorted and cut off as the pixels are.
    A view that is turned away has no area, a held picture is of another time: neither has a mask.

    Parameters
    ----------
    scenario : Scenario
    scene : Scene
        Of `scene.make_scene`; nothing of the patient is projected.

    Yields
    ------
    int, ndarray
        Frame, and ``(rows, columns)``; frames without cement are left out.
    """
    times_s, carm = frame_times_s(scenario), make_carm(scenario)
    movement = make_movement(scenario, carm, times_s)
    renderer = Renderer(scenario, scene, with_margin(carm, movement), movement, times_s)
    for index in np.flatnonzero(is_exposed(times_s, scenario.pedal)):
        injected = injected_ml(scenario.injection, float(times_s[index]))
        if injected <= 0.0 or movement.poses[index].is_turned:
            continue
        shown = renderer.cement_shown(int(index), renderer.cement(int(index), injected))
        mask = shown >= MIN_THICKNESS_MM
        if mask.any():
            yield int(index), mask


def mask_png(mask: Mask) -> bytes:
    """Return a mask as a single-channel PNG: cement is 255, the rest 0."""
    buffer = io.BytesIO()
    Image.fromarray(np.where(mask, _CEMENT, 0).astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()
