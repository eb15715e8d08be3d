"""Scenarios and anatomy from the options of the command line."""

from __future__ import annotations

from pathlib import Path

import msgspec

from leakwatch.core.errors import ConfigError
from leakwatch.core.messages import text
from leakwatch.simulator.anatomy.analytic_anatomy import build_analytic_anatomy
from leakwatch.simulator.anatomy.anatomy import Anatomy
from leakwatch.simulator.scenario.scenario import Scenario, load_scenario
from leakwatch.simulator.scene.poses import needs_whole_trunk
from leakwatch.simulator.scene.scene import make_carm


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
        return build_analytic_anatomy(who.level, scenario.seed, who.bone_density, who.wedge, carm)
    # Imported here: only a CT needs the extra `sim`.
    from leakwatch.simulator.ct.ct_anatomy import build_ct_anatomy

    body = None if who.body is None else Path(who.body)
    return build_ct_anatomy(Path(who.ct), Path(who.vertebrae), who.level, body, scenario.seed, carm)
