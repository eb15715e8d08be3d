"""Scenario of a simulated sequence: a frozen tree from TOML. An unknown key is an error."""

from __future__ import annotations

from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from leakwatch.core.errors import ConfigError
from leakwatch.core.frame import View
from leakwatch.core.messages import text
from leakwatch.files.bounded_input import (
    OutOfBounds,
    parse_json,
    parse_toml,
    read_at_most,
    why_unread,
)
from leakwatch.files.strict_input import explain
from leakwatch.simulator.scenario.named_carm import resolve_named_carm
from leakwatch.simulator.scenario.scenario_anatomy import (
    AnatomySection,
    OldCementSection,
    ScrewsSection,
)
from leakwatch.simulator.scenario.scenario_cement import BoreSection, CementLookSection
from leakwatch.simulator.scenario.scenario_life import (
    BalloonSection,
    CollimationSection,
    PedalSection,
    TableMoveSection,
    ViewTurnSection,
    check_order,
    check_pedal,
)
from leakwatch.simulator.scenario.scenario_room import (
    ForeignObjectSection,
    KvStepSection,
    OrganBreathSection,
    OrganLayerSection,
    PatientTurnSection,
    PelvisSection,
    ProcessingSection,
    check_kv_steps,
)
from leakwatch.simulator.scenario.scenario_sections import (
    BeamSection,
    BrightnessSection,
    CannulaSection,
    CArmSection,
    DetectorSection,
    InjectionSection,
    LeakSection,
    MarksSection,
    MotionSection,
    PixelsSection,
    Section,
    SequenceSection,
)

# TOML is what people write; JSON is what a simulation leaves beside its files.
SCENARIO_SUFFIXES = {"toml": ".toml", "json": ".scenario.json"}


class Scenario(Section, frozen=True):
    """A simulated sequence.

    Parameters
    ----------
    name : str
        Of the files.
    title : str
        One line for the list of scenarios.
    seed : int
        Everything random follows from it.
    view_turns, table_moves, collimation : list of sections
        In order of time.
    pedal : list of PedalSection
        When fluoroscopy is off, in order of time.
    hold_last_image : bool
        While it is off, the last picture is recorded again and again; else there are no frames.
    burnt_in_text : bool
        Tube voltage and running time are written into the pixels.
    balloon : BalloonSection or None
        Kyphoplasty.
    cement_look : CementLookSection or None
        None: pores take cement evenly, up to a sharp front.
    bore : BoreSection or None
        Cement in the bore, and the thread that it leaves; None: `cannula.filled` says all.
    screws : ScrewsSection or None
        A fixation of neighbours, analytic anatomy only.
    old_cement : OldCementSection or None
        In neighbours, analytic anatomy only.
    patient_turns : list of PatientTurnSection
        They add up.
    organ_breath : OrganBreathSection or None
        None: the organs breathe as the spine does.
    organ_layer : OrganLayerSection or None
        Lung or bowel over the spine.
    pelvis : PelvisSection or None
        Iliac wings over the spine.
    kv_steps : list of KvStepSection
        In order of time.
    second_cannula : CannulaSection or None
        Of a bilateral injection; the cement comes from the first one.
    foreign_objects : list of ForeignObjectSection
        Hands and forceps.
    processing : ProcessingSection or None
        None: stored pixels are those of the detector.
    """

    ADDED_LATER: ClassVar = frozenset(
        {
            "view_turns",
            "table_moves",
            "collimation",
            "pedal",
            "hold_last_image",
            "burnt_in_text",
            "balloon",
            "cement_look",
            "bore",
            "screws",
            "old_cement",
            "patient_turns",
            "organ_breath",
            "organ_layer",
            "pelvis",
            "kv_steps",
            "second_cannula",
            "foreign_objects",
            "processing",
        }
    )

    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=64)]
    title: str = ""
    seed: Annotated[int, Meta(ge=0, lt=2**32)] = 0
    anatomy: AnatomySection = AnatomySection()
    carm: CArmSection = CArmSection()
    sequence: SequenceSection = SequenceSection()
    injection: InjectionSection = InjectionSection()
    leaks: list[LeakSection] = msgspec.field(default_factory=list)
    cannula: CannulaSection = CannulaSection()
    motion: MotionSection = MotionSection()
    beam: BeamSection = BeamSection()
    detector: DetectorSection = DetectorSection()
    brightness: BrightnessSection = BrightnessSection()
    pixels: PixelsSection = PixelsSection()
    marks: MarksSection = MarksSection()
    view_turns: list[ViewTurnSection] = msgspec.field(default_factory=list)
    table_moves: list[TableMoveSection] = msgspec.field(default_factory=list)
    collimation: list[CollimationSection] = msgspec.field(default_factory=list)
    pedal: list[PedalSection] = msgspec.field(default_factory=list)
    hold_last_image: bool = False
    burnt_in_text: bool = False
    balloon: BalloonSection | None = None
    cement_look: CementLookSection | None = None
    bore: BoreSection | None = None
    screws: ScrewsSection | None = None
    old_cement: OldCementSection | None = None
    patient_turns: list[PatientTurnSection] = msgspec.field(default_factory=list)
    organ_breath: OrganBreathSection | None = None
    organ_layer: OrganLayerSection | None = None
    pelvis: PelvisSection | None = None
    kv_steps: list[KvStepSection] = msgspec.field(default_factory=list)
    second_cannula: CannulaSection | None = None
    foreign_objects: list[ForeignObjectSection] = msgspec.field(default_factory=list)
    processing: ProcessingSection | None = None


def load_scenario(name_or_path: str) -> Scenario:
    """Read a scenario: a TOML file, what a simulation left (JSON), or the name of a built-in one.

    Raises
    ------
    ConfigError
        There is no such file and no such name, or it breaks the schema.
    """
    if not name_or_path.endswith(tuple(SCENARIO_SUFFIXES.values())):
        built_in = _built_in_folder() / f"{name_or_path}{SCENARIO_SUFFIXES['toml']}"
        if not built_in.is_file():
            known = ", ".join(scenario.name for scenario in built_in_scenarios())
            raise ConfigError(
                text(
                    "unknown scenario {name_or_path!r}. Built in are: {known}. The name of a file "
                    "must end with {names}.",
                    name_or_path=name_or_path,
                    known=known,
                    names=" or ".join(SCENARIO_SUFFIXES.values()),
                )
            )
        return _parsed(built_in.read_bytes(), name_or_path)
    path = Path(name_or_path)
    try:
        data = read_at_most(path)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigError(
            text(
                "scenario {path}: cannot be read: {reason}. Check the path.",
                path=path,
                reason=reason,
            )
        ) from error
    except OutOfBounds as error:
        raise ConfigError(
            text("scenario {path}: {error}. Give a scenario.", path=path, error=str(error))
        ) from error
    return _parsed(data, str(path))


def built_in_scenarios() -> list[Scenario]:
    """Return all built-in scenarios, by name."""
    suffix = SCENARIO_SUFFIXES["toml"]
    files = [entry for entry in _built_in_folder().iterdir() if entry.name.endswith(suffix)]
    files.sort(key=lambda entry: entry.name)
    return [_parsed(entry.read_bytes(), entry.name) for entry in files]


def _built_in_folder() -> Traversable:
    return resources.files("leakwatch.simulator") / "scenarios"


def _parsed(data: bytes, name: str) -> Scenario:
    is_json = name.endswith(SCENARIO_SUFFIXES["json"])
    try:
        found = parse_json(data) if is_json else parse_toml(data)
    except ValueError as error:  # of both parsers, and of what is not text
        why = why_unread(error, "JSON" if is_json else "TOML")
        raise ConfigError(
            text("scenario {name}: {why}. Correct it.", name=name, why=why)
        ) from error
    return make_scenario(found, name)


def make_scenario(found: object, name: str) -> Scenario:
    """Return a scenario from parsed content.

    Parameters
    ----------
    found : object
    name : str
        For messages.

    Raises
    ------
    ConfigError
        It breaks the schema, or contradicts itself.
    """
    try:
        scenario = msgspec.convert(found, Scenario)
        if scenario.carm.calibration is not None and isinstance(found, dict):
            own = CArmSection().told()
            scenario = msgspec.convert(resolve_named_carm(found, name, own), Scenario)
    except msgspec.ValidationError as error:
        raise ConfigError(
            text("scenario {name}: {value}", name=name, value=explain(error, found, Scenario, {}))
        ) from error
    if scenario.carm.view is View.OBLIQUE:
        raise ConfigError(
            text(
                "scenario {name}: key carm.view is oblique. Write lateral or ap, and turn it with "
                "carm.angle_deg.",
                name=name,
            )
        )
    for key in ("view_turns", "table_moves", "pedal", "collimation"):
        check_order(key, getattr(scenario, key), name)
    check_pedal(scenario.pedal, name)
    check_kv_steps(scenario.kv_steps, name)
    return scenario
