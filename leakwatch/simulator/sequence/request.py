"""Scenarios and anatomy from the options of the command line."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np

from leakwatch.core.errors import ConfigError
from leakwatch.core.messages import text
from leakwatch.simulator.anatomy.analytic_anatomy import build_analytic_anatomy
from leakwatch.simulator.anatomy.anatomy import Anatomy
from leakwatch.simulator.anatomy.fracture import Fracture
from leakwatch.simulator.anatomy.patient import Patient
from leakwatch.simulator.anatomy.tissue import MARROW, from_hounsfield
from leakwatch.simulator.anatomy.vertebra_sizes import MEAN_SIZES, SizeSet, person_sizes
from leakwatch.simulator.scenario.scenario import Scenario, load_scenario
from leakwatch.simulator.scenario.scenario_anatomy import AnatomySection
from leakwatch.simulator.scene.poses import needs_whole_trunk
from leakwatch.simulator.scene.scene import make_carm

_PERSON_STREAM = 2  # of random numbers, beside those of anatomy (1) and scene (10 and on)


def requested_scenario(
    name_or_path: str,
    seed: int | None = None,
    level: str | None = None,
    ct: Path | None = None,
    vertebrae: Path | None = None,
    body: Path | None = None,
    angle_deg: float | None = None,
) -> Scenario:
    """Return a scenario with values replaced by those of the command line.

    Parameters
    ----------
    name_or_path : str
        A built-in scenario, or a file.
    seed, level, ct, vertebrae, body, angle_deg
        As in the scenario; None: what the scenario says, or the C-arm that it names.

    Raises
    ------
    ConfigError
        No such scenario, or a CT without vertebrae.
    """
    scenario = load_scenario(name_or_path)
    beside = Path(name_or_path).parent
    who = scenario.anatomy
    files = {
        key: _path(given, own, beside)
        for key, given, own in (
            ("ct", ct, who.ct),
            ("vertebrae", vertebrae, who.vertebrae),
            ("body", body, who.body),
        )
    }
    if (files["ct"] is None) != (files["vertebrae"] is None):
        raise ConfigError(
            text("a CT and its vertebrae go together: give both --ct and --vertebrae.")
        )
    anatomy = msgspec.structs.replace(who, level=who.level if level is None else level, **files)
    if files["body"] is not None and files["ct"] is None:
        raise ConfigError(text("--body belongs to a CT: give --ct and --vertebrae as well."))
    carm = scenario.carm
    if angle_deg is not None:
        carm = msgspec.structs.replace(carm, angle_deg=angle_deg)
    return msgspec.structs.replace(
        scenario, anatomy=anatomy, carm=carm, seed=scenario.seed if seed is None else seed
    )


def _path(given: Path | None, own: str | None, beside: Path) -> str | None:
    if given is not None:
        return str(given)
    return None if own is None else str(beside / own)


def anatomy_of(scenario: Scenario) -> Anatomy:
    """Build the anatomy that a scenario names.

    Raises
    ------
    ConfigError
        No such level, or a file that cannot be used.
    """
    who = scenario.anatomy
    carm = None if needs_whole_trunk(scenario) else make_carm(scenario)
    if who.ct is None or who.vertebrae is None:
        return build_analytic_anatomy(who.level, scenario.seed, patient_of(scenario), carm)
    _check_ct_only(scenario)
    # Imported here: only a CT needs the extra `sim`.
    from leakwatch.simulator.ct.ct_anatomy import build_ct_anatomy

    body = None if who.body is None else Path(who.body)
    return build_ct_anatomy(Path(who.ct), Path(who.vertebrae), who.level, body, scenario.seed, carm)


def _check_ct_only(scenario: Scenario) -> None:
    """Refuse keys that a CT settles."""
    told = scenario.anatomy.told()
    given = sorted(AnatomySection.ADDED_LATER & set(told))
    if given:
        raise ConfigError(
            text(
                "scenario {name}: anatomy.{key} describes analytic anatomy, but a CT is given. "
                "Remove one of them.",
                name=scenario.name,
                key=given[0],
            )
        )


def patient_of(scenario: Scenario) -> Patient:
    """Return what a scenario says of its analytic patient.

    Raises
    ------
    ConfigError
        Two fractures of one vertebra.
    """
    who = scenario.anatomy
    fractures = {0: Fracture(who.wedge, impacted=False)} if who.wedge > 0.0 else {}
    for one in who.fractures:
        if one.levels_above in fractures:
            raise ConfigError(
                text(
                    "scenario {name}: the vertebra {levels_above} levels above the target has two "
                    "fractures. Write one in anatomy.fractures, with both losses, and no "
                    "anatomy.wedge beside one of the target.",
                    name=scenario.name,
                    levels_above=one.levels_above,
                )
            )
        fractures[one.levels_above] = Fracture(one.wedge, one.biconcave)
    hounsfield = who.trabecular_hu
    trabecular = MARROW * who.bone_density if hounsfield is None else from_hounsfield(hounsfield)
    sizes = MEAN_SIZES
    if who.sizes is SizeSet.POPULATION:
        sizes = person_sizes(np.random.default_rng([scenario.seed, _PERSON_STREAM]))
    return Patient(sizes, fractures, trabecular, who.cortex_factor)
