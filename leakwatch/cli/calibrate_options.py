"""Options of `leakwatch calibrate`, shared by its kinds of calibration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from leakwatch.cli.options import SettingsOption
from leakwatch.core.frame import View
from leakwatch.core.messages import text

FileArgument = Annotated[
    Path, typer.Argument(help=text("DICOM file, or a folder of single frames."))
]
FrameOption = Annotated[
    int | None, typer.Option("--frame", min=0, help=text("Frame to measure on."))
]
OutOption = Annotated[
    Path | None,
    typer.Option("--out", "-o", help=text("FILE.toml to write; default: in the user's folder.")),
]
NameOption = Annotated[
    str | None, typer.Option("--name", help=text("Name of C-arm and view, for display."))
]
ViewOption = Annotated[
    View | None,
    typer.Option("--view", help=text("View that the calibration applies to; default: any.")),
]
ReplaceOption = Annotated[bool, typer.Option("--replace", help=text("Replace an existing file."))]
PointsOption = Annotated[
    list[str],
    typer.Option("--point", help=text("COLUMN,ROW of one end or edge; repeat for the other.")),
]
DistortionOption = Annotated[
    Path | None,
    typer.Option("--distortion", help=text("Calibration file with the distortion of this C-arm.")),
]
DepthOption = Annotated[
    float | None,
    typer.Option(
        "--depth-sigma", min=0.0, help=text("Depth relative to the vertebra, one sigma, mm.")
    ),
]
TiltOption = Annotated[
    float,
    typer.Option("--tilt", min=-60.0, max=60.0, help=text("Tilt out of the image plane, degrees.")),
]
ByHandOption = Annotated[
    bool, typer.Option("--by-hand", help=text("Use the points as given; do not search for edges."))
]


@dataclass(frozen=True)
class Destination:
    """Destination of a calibration file."""

    out: OutOption = None
    name: NameOption = None
    view: ViewOption = None
    replace: ReplaceOption = False


@dataclass(frozen=True)
class SharedOptions(Destination):
    """Options of all commands that measure an object."""

    depth_sigma: DepthOption = None
    distortion: DistortionOption = None
    frame: FrameOption = None
    settings: SettingsOption = None


def measures_an_object(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of `SharedOptions` to a command, each as a parameter, as typer requires."""
    types = get_type_hints(SharedOptions, include_extras=True)
    names = [field.name for field in fields(SharedOptions)]

    @wraps(command)
    def with_shared(**given: Any) -> None:
        shared = {name: given.pop(name) for name in names}
        command(**given, shared=SharedOptions(**shared))

    known = signature(command, eval_str=True).parameters
    own = [one for name, one in known.items() if name != "shared"]
    more = [
        Parameter(field.name, Parameter.KEYWORD_ONLY, default=field.default,
                  annotation=types[field.name])
        for field in fields(SharedOptions)
    ]  # fmt: skip
    with_shared.__signature__ = Signature([*own, *more])  # type: ignore[attr-defined]
    with_shared.__annotations__ = {one.name: one.annotation for one in [*own, *more]}
    return with_shared
