"""What several tests of the simulator share; made once, as each takes some seconds."""

from __future__ import annotations

from pathlib import Path

import pytest
from small import small_scenario

from leakwatch.simulator.anatomy.anatomy import Anatomy
from leakwatch.simulator.anatomy.landmarks import Landmarks, find_landmarks
from leakwatch.simulator.sequence.request import anatomy_of
from leakwatch.simulator.sequence.simulation import Simulation, simulate


@pytest.fixture(scope="session")
def anatomy() -> Anatomy:
    """The analytic anatomy of the small scenario."""
    return anatomy_of(small_scenario())


@pytest.fixture(scope="session")
def landmarks(anatomy: Anatomy) -> Landmarks:
    """Its landmarks."""
    return find_landmarks(anatomy)


@pytest.fixture(scope="session")
def simulation(anatomy: Anatomy) -> Simulation:
    """The small scenario, simulated."""
    return simulate(small_scenario(), anatomy)


@pytest.fixture(scope="session")
def ct_folder(shared: Path) -> Path:
    """Real CTs with masks, which are not part of the project."""
    folder = shared / "ct"
    if not folder.is_dir():
        pytest.skip(f"no CTs at {folder}")
    return folder
