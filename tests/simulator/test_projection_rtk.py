"""Projection against RTK, another program for the same integrals.

RTK: doi:10.1088/1742-6596/489/1/012079. scripts/rtk_projections.py wrote what it found to
simulator/data/rtk_projections.json. The greatest relative difference was 6e-6 with OpenCV 5.0, and
 0.6 % with OpenCV 4.14, which rounds places within a plane of voxels to 1/32 of a voxel.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from leakwatch.core.frame import View
from leakwatch.core.marks import Side
from leakwatch.simulator.anatomy.anatomy import Anatomy
from leakwatch.simulator.anatomy.carm import CArm, project
from leakwatch.simulator.anatomy.tissue import CORTEX, WATER
from leakwatch.simulator.anatomy.voxel_grid import Grid
from leakwatch.simulator.xray.beam import decompose
from leakwatch.simulator.xray.patient_layers import project_layers

NAMES = ("lateral", "lateral-left", "ap", "oblique", "off-lateral", "widest")
MOST_RELATIVE = 0.01
# Rays that only graze the trunk: their small integral makes any difference a large share. They are
# held to a share of the greatest integral instead.
GRAZING, MOST_OF_GREATEST = 0.1, 0.003


@pytest.fixture(scope="module")
def script(repository: Path) -> ModuleType:
    """scripts/rtk_projections.py."""
    spec = importlib.util.spec_from_file_location(
        "rtk_projections", repository / "scripts" / "rtk_projections.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def kept(script: ModuleType) -> dict[str, Any]:
    """What RTK found."""
    read: dict[str, Any] = json.loads(script.FILE.read_text("utf-8"))
    return read


def carm_of(script: ModuleType, name: str) -> CArm:
    """A view of the script, as the simulator says it."""
    view = next(view for view in script.VIEWS if view.name == name)
    return CArm(
        sid_mm=view.sid_mm,
        sod_mm=view.sod_mm,
        pitch_mm=script.PITCH_MM,
        rows=script.ROWS,
        columns=script.COLUMNS,
        view=View(view.view),
        anterior=Side(view.anterior),
        angle_deg=view.angle_deg,
        tilt_deg=view.tilt_deg,
    )


def grid_of(script: ModuleType) -> Grid:
    """Where the voxels of the script lie."""
    return Grid(script.SHAPE, script.SPACING_MM, script.ORIGIN_MM)


def greatest_difference(seen: np.ndarray, rtk: np.ndarray) -> float:
    """Relative, over all rays that do more than graze."""
    difference, through = np.abs(seen - rtk), rtk > GRAZING * rtk.max()
    assert through.sum() > 60
    assert difference.max() <= MOST_OF_GREATEST * rtk.max()
    return float((difference[through] / rtk[through]).max())


@pytest.mark.parametrize("name", NAMES)
def test_line_integrals_are_those_of_rtk(
    name: str, script: ModuleType, kept: dict[str, Any]
) -> None:
    seen = project(script.volume(), grid_of(script), carm_of(script, name))
    at = np.ix_(kept["rows_px"], kept["columns_px"])
    assert greatest_difference(seen[at], np.array(kept["views"][name])) <= MOST_RELATIVE


def test_the_layers_of_a_patient_add_up_to_what_rtk_sees(
    script: ModuleType, kept: dict[str, Any]
) -> None:
    volume, grid = script.volume(), grid_of(script)
    labels = np.zeros(grid.shape, np.uint8)
    labels[volume > 0.03] = 1
    patient = Anatomy(grid, volume, labels, "L1", "a test")
    # The rays that are kept are those of a picture of few and large pixels.
    carm = replace(
        carm_of(script, "oblique"),
        pitch_mm=script.PITCH_MM * script.EVERY_PX,
        rows=len(kept["rows_px"]),
        columns=len(kept["columns_px"]),
    )
    layers = project_layers(patient, carm)
    # Soft tissue and bone together are the attenuation, at the energy that it is given for.
    soft, bone = decompose(volume)
    assert np.abs(WATER * soft + CORTEX * bone - volume).max() < 1e-6
    whole = np.zeros((carm.rows, carm.columns))
    for layer in (layers.spine, layers.wall, layers.organs):
        assert max(layer.soft.max(), layer.bone.max()) > 1.0
        whole += WATER * layer.soft + CORTEX * layer.bone
    rtk = np.array(kept["views"]["oblique"])
    assert greatest_difference(whole, rtk) <= MOST_RELATIVE


def test_rtk_itself_finds_what_is_kept(
    script: ModuleType, kept: dict[str, Any], tmp_path: Path
) -> None:
    try:
        importlib.metadata.version("itk-rtk")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("no itk-rtk here; pip install 'leakwatch-fluoro[verify]' installs it")
    # In a process of its own: its bindings break where warnings are errors.
    made = tmp_path / "made.json"
    subprocess.run([sys.executable, script.__file__, str(made)], check=True, timeout=110)
    found = json.loads(made.read_text("utf-8"))["views"]
    assert tuple(found) == NAMES
    for name in NAMES:
        assert np.array(found[name]) == pytest.approx(np.array(kept["views"][name]), rel=1e-5)
