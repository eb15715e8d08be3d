"""Suites: compact definitions of simulated cases, which always expand to the same ones.

What a case is comes from four places, the later before the earlier: its base scenario, what the
suite sets for all, what is dealt out, and what its own entry sets. A value ``{ from = 1, to = 2 }``
anywhere is drawn evenly between the two. Every draw follows from the suite's seed, the case's name
and the key, so that a new key or a new case leaves the other draws as they are.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any, Literal, TypeGuard

import msgspec
import numpy as np
from msgspec import Meta

from leakwatch.core.errors import ConfigError
from leakwatch.core.messages import text
from leakwatch.files.bounded_input import OutOfBounds, parse_toml, read_at_most, why_unread
from leakwatch.files.strict_input import explain
from leakwatch.simulator.scenario.scenario import Scenario, load_scenario, make_scenario

Expected = Literal["contained", "near", "leak"]
Tree = dict[str, Any]

_SUFFIX = ".toml"
_RANGE_KEYS = ({"from", "to"}, {"from", "to", "digits"})
_DEAL_STREAM = 1  # apart from the draws of the cases, whose second word is a checksum
_Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=56)]
_Count = Annotated[int, Meta(ge=1, le=999)]


class _Range(msgspec.Struct, frozen=True):
    """Range of a uniform distribution; values are rounded to `digits` decimals."""

    start: float = msgspec.field(name="from")
    to: float
    digits: Annotated[int, Meta(ge=0, le=9)] = 2


class Option(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of the values that are distributed; `times` per round."""

    set: Tree
    times: _Count = 1


class Deal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Options distributed evenly over the cases, in repeated random order."""

    about: str
    options: Annotated[list[Option], Meta(min_length=1)]


class CaseEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Cases with common settings.

    Parameters
    ----------
    name : str
        With a number behind it where there is more than one.
    about : str
        The scenarios' title.
    count : int
    base : str or None
        A built-in scenario.
    expect : str
        What the truth must say; see `suite_case.unexpected_outcome`.
    set : dict
        Keys of a scenario.
    """

    name: _Name
    expect: Expected
    about: str = ""
    count: _Count = 1
    base: str | None = None
    set: Tree = {}


class Suite(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Complete suite."""

    name: _Name
    title: str
    seed: Annotated[int, Meta(ge=0, lt=2**32)]
    cases: Annotated[list[CaseEntry], Meta(min_length=1)]
    set: Tree = {}
    deal: list[Deal] = []


@dataclass(frozen=True, slots=True)
class SuiteCase:
    """One case of a suite.

    Parameters
    ----------
    scenario : Scenario
        CT files by their names alone.
    entry : str
        Name of the entry that it comes from.
    expect : str
    """

    scenario: Scenario
    entry: str
    expect: Expected


def load_suite(name_or_path: str) -> Suite:
    """Read a suite: a TOML file, or the name of a built-in one.

    Raises
    ------
    ConfigError
        There is no such file and no such name, or it breaks the schema.
    """
    if not name_or_path.endswith(_SUFFIX):
        built_in = _built_in_folder() / f"{name_or_path}{_SUFFIX}"
        if not built_in.is_file():
            known = ", ".join(suite.name for suite in built_in_suites())
            raise ConfigError(
                text(
                    "unknown suite {name_or_path!r}. Built in are: {known}. The name of a file "
                    "must end with {suffix}.",
                    name_or_path=name_or_path,
                    known=known,
                    suffix=_SUFFIX,
                )
            )
        return _parse(built_in.read_bytes(), name_or_path)
    try:
        data = read_at_most(Path(name_or_path))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigError(
            text(
                "suite {name_or_path}: cannot be read: {reason}. Check the path.",
                name_or_path=name_or_path,
                reason=reason,
            )
        ) from error
    except OutOfBounds as error:
        raise ConfigError(
            text(
                "suite {name_or_path}: {error}. Give a suite.",
                name_or_path=name_or_path,
                error=str(error),
            )
        ) from error
    return _parse(data, name_or_path)


def built_in_suites() -> list[Suite]:
    """Return all built-in suites, by name."""
    files = [entry for entry in _built_in_folder().iterdir() if entry.name.endswith(_SUFFIX)]
    files.sort(key=lambda entry: entry.name)
    return [_parse(entry.read_bytes(), entry.name) for entry in files]


def _built_in_folder() -> Traversable:
    return resources.files("leakwatch.simulator") / "suites"


def _parse(data: bytes, name: str) -> Suite:
    try:
        found = parse_toml(data)
    except ValueError as error:
        raise ConfigError(
            text("suite {name}: {value}. Correct it.", name=name, value=why_unread(error, "TOML"))
        ) from error
    try:
        return msgspec.convert(found, Suite)
    except msgspec.ValidationError as error:
        raise ConfigError(
            text("suite {name}: {value}", name=name, value=explain(error, found, Suite, {}))
        ) from error


def number_of_cases(suite: Suite) -> int:
    """Return the number of cases of a suite."""
    return sum(entry.count for entry in suite.cases)


def expand(suite: Suite, seed: int | None = None) -> tuple[SuiteCase, ...]:
    """Return all cases of a suite, in its order.

    Parameters
    ----------
    suite : Suite
    seed : int or None
        In place of the suite's own: as many other cases of the same kinds.

    Raises
    ------
    ConfigError
        A case breaks the schema of scenarios, or two have one name.
    """
    seed = suite.seed if seed is None else seed
    count = number_of_cases(suite)
    hands = [_deal_options(deal, count, seed, number) for number, deal in enumerate(suite.deal)]
    named = [(name, entry) for entry in suite.cases for name in _names(entry)]
    names = [name for name, _ in named]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigError(
            text(
                "suite {suite}: two cases are named {case}. Rename one of them.",
                suite=suite.name,
                case=twice[0],
            )
        )
    return tuple(
        _case(suite, name, entry, [hand[number] for hand in hands], seed)
        for number, (name, entry) in enumerate(named)
    )


def _names(entry: CaseEntry) -> list[str]:
    if entry.count == 1:
        return [entry.name]
    return [f"{entry.name}-{number:02d}" for number in range(1, entry.count + 1)]


def _deal_options(deal: Deal, count: int, seed: int, number: int) -> list[Tree]:
    """Return the option of each case, by complete shuffled rounds."""
    rng = np.random.default_rng([seed, _DEAL_STREAM, number])
    pack = [option.set for option in deal.options for _ in range(option.times)]
    dealt: list[Tree] = []
    while len(dealt) < count:
        dealt += [pack[index] for index in rng.permutation(len(pack))]
    return dealt[:count]


def _case(suite: Suite, name: str, entry: CaseEntry, hand: list[Tree], seed: int) -> SuiteCase:
    tree: Tree = {} if entry.base is None else msgspec.to_builtins(load_scenario(entry.base))
    for over in (suite.set, *hand, entry.set):
        tree = _merge(tree, over)
    tree |= {"name": name, "title": entry.about or tree.get("title", "")}
    tree["seed"] = int(_rng(seed, name, "seed").integers(2**31))
    where = f"{name} of suite {suite.name}"
    scenario = make_scenario(_draw_ranges(tree, seed, name, where, ""), where)
    return SuiteCase(scenario, entry.name, entry.expect)


def _merge(under: Mapping[str, Any], over: Mapping[str, Any]) -> Tree:
    """Merge `over` into `under` by section; ranges and lists are replaced as a whole."""
    merged = dict(under)
    for key, value in over.items():
        below = merged.get(key)
        if _is_section(value) and _is_section(below):
            merged[key] = _merge(below, value)
        else:
            merged[key] = value
    return merged


def _is_section(value: Any) -> TypeGuard[Tree]:
    return isinstance(value, dict) and not _is_range(value)


def _is_range(value: object) -> bool:
    return isinstance(value, dict) and set(value) in _RANGE_KEYS


def _draw_ranges(value: Any, seed: int, name: str, where: str, path: str) -> Any:
    """Return the tree with a random value for every range."""
    if _is_range(value):
        try:
            bounds = msgspec.convert(value, _Range)
        except msgspec.ValidationError as error:
            raise ConfigError(
                text(
                    "scenario {where}: the range of {value} cannot be drawn from: "
                    "{error}. Write {{ from = 1.0, to = 2.0 }}.",
                    where=where,
                    value=path.removeprefix("."),
                    error=str(error),
                )
            ) from error
        share = _rng(seed, name, path).random()
        return round(bounds.start + share * (bounds.to - bounds.start), bounds.digits)
    if isinstance(value, dict):
        return {
            k: _draw_ranges(part, seed, name, where, f"{path}.{k}") for k, part in value.items()
        }
    if isinstance(value, list):
        return [
            _draw_ranges(part, seed, name, where, f"{path}.{k}") for k, part in enumerate(value)
        ]
    return value


def _rng(seed: int, name: str, path: str) -> np.random.Generator:
    return np.random.default_rng([seed, zlib.crc32(f"{name}/{path}".encode())])
